import { knownText } from "./broker";
import { type ContainerView, containerView } from "./container";
import {
  holdsDefaultCredential,
  holdsSecret,
  isDefaultCredential,
  isHarmless,
  isSecretName,
} from "./credentials";
import { type Property } from "./property";
import { type PolicedResource, resourcePolicy, type ResourcePolicy, textList, type Verdict } from "./verdict";

const inFile =
  "a file (an upload or a Swarm secret) and the program's variable for its path, such as ..._FILE";

/** An argument list as one line; an unknown argument stands in it as something that gives nothing away. */
function commandLine(list: Property): string {
  return list.items.map((item) => knownText(item) ?? unknownArgument).join(" ");
}
const unknownArgument = "\u0001unknown";

/** The readable forms of a text: itself, and what it says when it is base64. */
function forms(text: string): string[] {
  if (text.length < 12 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return [text];
  const decoded = Buffer.from(text, "base64").toString("utf8");
  return /^[\t\n\r\x20-\x7e]+$/.test(decoded) ? [text, decoded] : [text];
}

export const secretsNotInPlainText = resourcePolicy<ContainerView>({
  name: "secrets-not-in-plain-text",
  description:
    "No password, token or key stands in a container's environment, labels or commands: docker inspect shows them.",
  severity: "critical",
  remediationSteps:
    "Lay the secret into the container as a file (uploads, or a Swarm secret) and hand over its path: ..._FILE=/run/secrets/...",
  subjectOf: containerView,
  judge({ environment, labels, commands }, verdict) {
    for (const { name, value } of environment.variables)
      judgeNamed(name, value, "an environment variable", verdict);
    for (const entry of environment.unnamed) verdict.undecided(entry);
    for (const { name, value } of labels) {
      if (name.isUnknown) verdict.undecided(name);
      judgeNamed(knownText(name) ?? "", value, "a label", verdict);
    }
    for (const list of commands) {
      if (holdsSecret(commandLine(list))) verdict.refuse(list, "holds a secret in the clear", inFile);
      else for (const item of list.items) if (item.isUnknown) verdict.undecided(item);
    }
  },
});

function judgeNamed(name: string, value: Property, what: string, verdict: Verdict): void {
  const text = knownText(value);
  // Under a secret's name a computed value is a secret as well: nobody computes an empty one.
  if (isSecretName(name) && (value.isUnknown || (text !== undefined && !isHarmless(text)))) {
    verdict.refuse(value, `is a secret in ${what}`, inFile);
  } else if (value.isUnknown) verdict.undecided(value);
  else if (text !== undefined && forms(text).some(holdsSecret))
    verdict.refuse(value, `holds a secret in ${what}`, inFile);
}

type CredentialHolder =
  | { kind: "container"; container: ContainerView }
  | { kind: "swarm file"; data: Property }
  | { kind: "other"; props: Property };

function holderOf(resource: PolicedResource): CredentialHolder {
  const container = containerView(resource);
  if (container) return { kind: "container", container };
  if (/^docker:index\/(serviceConfig:ServiceConfig|secret:Secret)$/.test(resource.type)) {
    const raw = resource.props.get("dataRaw");
    return { kind: "swarm file", data: raw.isAbsent ? resource.props.get("data") : raw };
  }
  return { kind: "other", props: resource.props };
}

export const noDefaultCredentials = resourcePolicy<CredentialHolder, { further: string[] }>({
  name: "no-default-credentials",
  description:
    "No password or token of a tutorial or an image (admin/adminpass, mytoken, ...) is in use, files included.",
  severity: "critical",
  remediationSteps:
    "Make the credential with random.RandomPassword, or set it with pulumi config set --secret.",
  configSchema: {
    properties: {
      further: textList("Further credentials that are refused."),
    },
  },
  subjectOf: holderOf,
  judge(holder, verdict, { further }) {
    const instead = "a generated secret, such as the result of a random.RandomPassword";
    const problem = "holds a default credential that everybody knows";
    const judgeText = (at: Property, isWhole: boolean, text = knownText(at)) => {
      if (at.isUnknown) verdict.undecided(at);
      else if (text !== undefined) {
        const found = forms(text).some(
          (form) => holdsDefaultCredential(form, further) || (isWhole && isDefaultCredential(form, further)),
        );
        if (found) verdict.refuse(at, problem, instead);
      }
    };
    switch (holder.kind) {
      case "container": {
        const { environment, labels, commands, files } = holder.container;
        for (const { name, value } of environment.variables) judgeText(value, isSecretName(name));
        for (const entry of environment.unnamed) verdict.undecided(entry);
        for (const { name, value } of labels) judgeText(value, isSecretName(knownText(name) ?? ""));
        for (const list of commands)
          if (holdsDefaultCredential(commandLine(list), further)) verdict.refuse(list, problem, instead);
        for (const { file, content } of files) {
          // A file below /run/secrets is the secret and nothing else.
          const path = knownText(file) ?? "";
          judgeText(content, path.startsWith("/run/secrets/") || isSecretName(path.split(".")[0] ?? ""));
        }
        return;
      }
      case "swarm file":
        judgeText(holder.data, true);
        return;
      case "other":
        judgeNested(holder.props, "", (at) => {
          if (isDefaultCredential(knownText(at) ?? "", further)) verdict.refuse(at, problem, instead);
        });
    }
  },
});

/** Every text under a secret's name, however deep; not what Pulumi keeps for itself. */
function judgeNested(at: Property, name: string, judge: (at: Property) => void): void {
  if (isSecretName(name)) judge(at);
  for (const [key, value] of at.entries) if (!key.startsWith("__")) judgeNested(value, key, judge);
  for (const item of at.items) if (!item.isUnknown) judgeNested(item, "", judge);
}

export const secretPolicies: readonly ResourcePolicy[] = [secretsNotInPlainText, noDefaultCredentials];
