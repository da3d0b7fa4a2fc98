import { howToAllow } from "../components/data-loss";
import { enginePlan } from "./preview-plan";
import { pulumiOutput } from "./pulumi-cli";
import { shrinkVerdict } from "./shrink";

/**
 * Asks Pulumi's engine what the next `up` would do to the stack as it's deployed, and says on stderr which data that would destroy.
 * A stack that holds nothing yet passes at once.
 *
 * @returns whether the `up` may go on.
 */
export async function passesShrinkGuard(stack: string, configFile: string): Promise<boolean> {
  const stacks = JSON.parse(pulumiOutput(["stack", "ls", "--json"])) as {
    name: string;
    resourceCount?: number;
  }[];
  const deployed = stacks.find(({ name }) => name === stack || name.endsWith(`/${stack}`));
  if ((deployed?.resourceCount ?? 0) === 0) return true;

  const plan = await enginePlan({ stack, configFile, withPolicies: false });
  const { refused } = shrinkVerdict(plan);
  if (refused.length > 0) {
    process.stderr.write(
      `Refused, nothing was changed: data of the stack ${stack} would be lost.\n${refused.map(({ resource, reason }) => `  ${resource}: ${reason}`).join("\n")}\n${howToAllow(refused)}\n`,
    );
  }
  if (plan.errors.length > 0) process.stderr.write(`${plan.errors.join("\n")}\n`);
  return refused.length === 0 && plan.errors.length === 0;
}
