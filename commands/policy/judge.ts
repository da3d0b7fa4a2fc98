import { plan } from "../../embedded/plan";
import { policyViolations } from "../../embedded/policy-check";
import { describeError, projectRoot } from "../arguments";

/** What was found about one stack: violations, or why its program can't be declared at all. */
export type StackVerdict =
  | { stack: string; resources: number; violations: ReturnType<typeof policyViolations> }
  | { stack: string; error: string };

/** Plans stacks one after the other, and judges each. */
export async function judge(stacks: readonly string[]): Promise<StackVerdict[]> {
  const verdicts: StackVerdict[] = [];
  for (const stack of stacks) {
    try {
      const planned = await plan({ projectRoot, stack, overrides: {} });
      verdicts.push({
        stack,
        resources: planned.length,
        violations: policyViolations(projectRoot, stack, planned),
      });
    } catch (error) {
      verdicts.push({ stack, error: describeError(error) });
    }
  }
  return verdicts;
}
