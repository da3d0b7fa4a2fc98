import * as pulumi from "@pulumi/pulumi";

/** Stack output. */
export const answer = pulumi.runtime.invoke("random:index:ask", {});
