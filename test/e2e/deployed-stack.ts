import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { missingForDocker } from "../../commands/target";
import { type PipelineOutputs } from "../../components/outputs";
import { type Finished, finished, projectRoot } from "./run";
import { TestedStack } from "./stack";

/** What a Pulumi stack's configuration file holds under `config`. */
export type StackConfig = Record<string, unknown>;

interface ExportedState {
  deployment: { resources: { urn: string; outputs?: Record<string, unknown> }[] };
}

/** Why a real `pulumi up` can't be tested here, told on the terminal; undefined where it can. */
export function reasonAgainstDeploying(what: string): string | undefined {
  const missing = missingForDocker();
  if (missing.length === 0) return undefined;
  const reason = `${missing.join(" and ")} not found`;
  process.stderr.write(`skipped: ${what} (${reason})\n`);
  return reason;
}

/** A stack on Docker by the real engine, from a copy of the project with a stack of its own, so that nothing of the user's is touched. */
export class DeployedStack extends TestedStack {
  /** The stack's name. */
  readonly name: string;
  /** The copy of the project. */
  readonly root = path.join(os.tmpdir(), `weather-deployed-${randomBytes(6).toString("hex")}`);
  readonly #state = path.join(this.root, ".weather");
  #outputs: PipelineOutputs | undefined;
  #resources: ExportedState["deployment"]["resources"] = [];

  /**
   * Nothing is copied or run before `up`.
   *
   * @param like the environment whose policies it's held to.
   * @param config its first configuration.
   */
  constructor(
    private readonly like: string,
    private readonly config: () => Promise<StackConfig>,
  ) {
    super();
    this.name = `${like}-${process.pid}`;
  }

  get outputs(): PipelineOutputs {
    if (!this.#outputs) throw new Error("the stack isn't up");
    return this.#outputs;
  }

  /** Writes another configuration, which the next command uses. */
  configure(config: StackConfig): void {
    fs.writeFileSync(path.join(this.root, `Pulumi.${this.name}.yaml`), stringify({ config }));
  }

  async up(): Promise<void> {
    fs.mkdirSync(this.root, { mode: 0o700 });
    for (const name of fs.readdirSync(projectRoot)) {
      if ([".git", ".weather", "dist", "node_modules", "test"].includes(name)) continue;
      fs.cpSync(path.join(projectRoot, name), path.join(this.root, name), { recursive: true });
    }
    fs.symlinkSync(path.join(projectRoot, "node_modules"), path.join(this.root, "node_modules"));
    const environments = path.join(this.root, "policy", "environments");
    fs.copyFileSync(
      path.join(environments, `${this.like}.json`),
      path.join(environments, `${this.name}.json`),
    );
    fs.mkdirSync(path.join(this.#state, "pulumi"), { recursive: true });
    this.configure(await this.config());
    const { code, output } = await this.command("up", "--target", "docker", "--detach");
    if (code !== 0) throw new Error(`npm run up failed:\n${output}`);
    const told = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await this.pulumi("stack", ...args, "--show-secrets")).output);
    this.#outputs = (await told("output", "--json")) as PipelineOutputs;
    this.#resources = ((await told("export")) as ExportedState).deployment.resources;
  }

  async down(): Promise<void> {
    await this.command("down", "--volumes");
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  command(name: string, ...args: string[]): Promise<Finished> {
    return finished(
      process.execPath,
      [path.join("commands", "run.mjs"), name, "--stack", this.name, ...args],
      this.#here,
    );
  }

  /** Runs the Pulumi CLI by hand, as somebody would who doesn't know of the npm scripts. */
  pulumi(...args: string[]): Promise<Finished> {
    return finished("pulumi", [...args, "--non-interactive", "--stack", this.name], this.#here);
  }

  /** The configuration that the npm scripts give to `pulumi`, with what `--set` changed. */
  get configFile(): string {
    return path.join(this.#state, "pulumi-config", `Pulumi.${this.name}.yaml`);
  }

  /** The state as it is stored. */
  get stateFile(): string {
    return path.join(this.#state, "pulumi", ".pulumi", "stacks", "weather", `${this.name}.json`);
  }

  async kill(service: string): Promise<void> {
    // Docker leaves a container dead that its own API killed.
    for (const action of ["kill", "start"])
      await finished("docker", [action, `${this.outputs.prefix}-${service}`]);
  }

  kept(name: string): Record<string, unknown> {
    const found = this.#resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs;
    if (!found) throw new Error(`the state has no ${name}`);
    return Object.fromEntries(Object.entries(found).map(([property, value]) => [property, plain(value)]));
  }

  /** In the copy, with a state and a passphrase that nobody else has. */
  get #here() {
    return {
      cwd: this.root,
      env: {
        ...process.env,
        WEATHER_STATE: this.#state,
        PULUMI_BACKEND_URL: `file://${path.join(this.#state, "pulumi")}`,
        PULUMI_CONFIG_PASSPHRASE: "of this test alone",
      },
    };
  }
}

/** A value of a state exported in plain text, where a secret stands as JSON text beside its mark. */
function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null && "plaintext" in value
    ? JSON.parse(String(value.plaintext))
    : value;
}
