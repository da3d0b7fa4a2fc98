import { type Registration, runProgram } from "../../../embedded/program";

/*
 * Runs a program and prints what came of it as JSON: a process of its own, because Jest takes what rejects inside Pulumi's SDK for its own.
 * Arguments: the program, the mode, the name of a resource that can't be made.
 */
const [entry = "", mode = "", broken = ""] = process.argv.slice(2);
const registrations: Registration[] = [];
const listeners = process.listenerCount("unhandledRejection");

runProgram({
  ...{ project: "weather", stack: "dev", config: { "weather:length": "20" }, entry },
  mode: mode === "plan" ? "plan" : "realise",
  register: (registration) => {
    if (registration.name === broken) return Promise.reject(new Error(`no ${broken} today`));
    registrations.push(registration);
    const made = mode === "plan" ? {} : { result: "made up" };
    return Promise.resolve({
      id: registration.custom ? `${registration.name}-id` : undefined,
      state: { ...registration.inputs, ...made },
    });
  },
})
  .then(
    (outputs) => ({ outputs }),
    (error: unknown) => ({
      message: error instanceof Error ? error.message : String(error),
      errors: (error as { errors?: unknown }).errors,
    }),
  )
  .then((result) => {
    const leftListeners = process.listenerCount("unhandledRejection") - listeners;
    // Whatever would still end the process does so before this is said.
    setTimeout(() => {
      console.log(JSON.stringify({ ...result, registrations, leftListeners }));
    }, 100);
  })
  .catch((error: unknown) => {
    console.error(error);
  });
