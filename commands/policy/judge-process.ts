import { judge } from "./judge";

/* Pulumi's runtime holds one program a process: this one judges its share of the stacks beside the command's. */
process.once("message", (stacks: string[]) => {
  void judge(stacks).then((verdicts) => {
    process.send?.(verdicts, () => process.exit(0));
  });
});
process.once("disconnect", () => process.exit(1));
