import * as pulumi from "@pulumi/pulumi";

throw new pulumi.InputPropertiesError({
  message: "The thing can't be declared as written",
  errors: [{ propertyPath: "a", reason: "too much" }],
});
