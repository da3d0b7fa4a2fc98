import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

class Group extends pulumi.ComponentResource {
  readonly password: random.RandomPassword;

  constructor(name: string) {
    super("test:index:Group", name);
    this.password = new random.RandomPassword(
      `${name}-password`,
      { length: 20 },
      { parent: this, protect: true },
    );
    new random.RandomBytes(
      `${name}-bytes`,
      { length: 16, keepers: { from: this.password.result, token: pulumi.secret("s3cret") } },
      { parent: this, dependsOn: [this.password] },
    );
  }
}

const group = new Group("g");

/** Stack outputs. */
export const length = new pulumi.Config().requireNumber("length");
export const password = group.password.result;
export const nested = { password: pulumi.interpolate`is ${group.password.result}` };
