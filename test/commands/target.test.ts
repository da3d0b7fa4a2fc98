import { spawnSync } from "node:child_process";
import { chooseTarget, missingForDocker } from "../../commands/target";
import { UserError } from "../../embedded/stack-config";

jest.mock("node:child_process");

/** Tools that answer, or don't; those that aren't named aren't installed. */
function tools(answers: Record<string, boolean>): void {
  jest.mocked(spawnSync).mockImplementation((command: string) => {
    const answer = answers[command];
    const status = answer === undefined ? null : answer ? 0 : 1;
    return { status, pid: 1, output: [], stdout: "", stderr: "", signal: null };
  });
}

test.each<[Record<string, boolean>, missing: string[]]>([
  [{ docker: true, pulumi: true }, []],
  [{ docker: false, pulumi: true }, ["a Docker engine"]],
  [{ docker: true }, ["the Pulumi CLI"]],
  [{}, ["a Docker engine", "the Pulumi CLI"]],
])("with %j: what Docker lacks is %j, and so is the choice", (answers, missing) => {
  tools(answers);
  expect(missingForDocker()).toEqual(missing);
  if (missing.length === 0) {
    expect(chooseTarget(undefined)).toEqual({ target: "docker", reason: "Docker and the Pulumi CLI answer" });
    expect(chooseTarget("docker")).toEqual({ target: "docker", reason: "asked for" });
  } else {
    expect(chooseTarget(undefined)).toEqual({
      target: "embedded",
      reason: `${missing.join(" and ")} not found`,
    });
    expect(() => chooseTarget("docker")).toThrow(
      new UserError(`--target docker needs ${missing.join(" and ")}. Without them use --target embedded.`),
    );
  }
  expect(chooseTarget("embedded")).toEqual({ target: "embedded", reason: "asked for" });
});

test("another target is refused", () => {
  expect(() => chooseTarget("k8s")).toThrow(new UserError('--target must be docker or embedded, not "k8s"'));
});
