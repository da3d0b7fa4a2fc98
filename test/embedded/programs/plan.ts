import { plan } from "../../../embedded/plan";

/* Prints the plan of a stack as JSON. Arguments: the project's folder, the stack, overrides as JSON. */
const [projectRoot = "", stack = "", overrides = "{}"] = process.argv.slice(2);

plan({ projectRoot, stack, overrides: JSON.parse(overrides) as Record<string, unknown> }).then(
  (registrations) => {
    console.log(
      JSON.stringify({
        registrations: registrations.map(({ type, name, inputs }) => ({
          type,
          name,
          inputs: { ...inputs, __provider: undefined },
        })),
      }),
    );
  },
  (error: unknown) => {
    console.log(JSON.stringify({ message: error instanceof Error ? error.message : String(error) }));
  },
);
