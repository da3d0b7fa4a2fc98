import { PolicyPack } from "@pulumi/policy";
import { all } from "./policies";

// Starts the analyzer's server: this file is for the Pulumi CLI alone. Everything else imports ./policies.
new PolicyPack("weather-pipeline", { policies: [...all], enforcementLevel: "mandatory" });
