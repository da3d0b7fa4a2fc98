import { createEnvironment } from "./components/environment";

// All at once, so that the outputs which this environment lacks aren't named one by one at each run.
export = createEnvironment().outputs;
