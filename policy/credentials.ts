/** Names that announce a secret as their last word. Not CREDENTIALS: Kafka's images mean the name of a file by it. */
const secretWords = [
  "PASSWORD",
  "PASSWORDS",
  "PASSWD",
  "PASSPHRASE",
  "PASS",
  "SECRET",
  "SECRETS",
  "TOKEN",
  "APIKEY",
];
/** What a KEY is when it is a secret; a routing key or a message key isn't. */
const secretKeys = [
  "API",
  "ACCESS",
  "PRIVATE",
  "SECRET",
  "ENCRYPTION",
  "SIGNING",
  "ACCOUNT",
  "AUTH",
  "MASTER",
  "LICENSE",
  "SSH",
];

/** Whether what stands under such a name is a secret: `ADMIN_TOKEN`, `accessKey`; not `PASSWORD_FILE`, `TOKEN_TTL`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toUpperCase()
    .split(/[^A-Z]+/)
    .filter((word) => word !== "" && word !== "VALUE");
  const last = words[words.length - 1] ?? "";
  return secretWords.includes(last) || (last === "KEY" && secretKeys.includes(words[words.length - 2] ?? ""));
}

/** Whether a value under a secret's name gives nothing away: empty, a switch, a reference, or the path of a file. */
export function isHarmless(value: string): boolean {
  const text = value.trim().replace(/^["']|["']$/g, "");
  return (
    text === "" ||
    /^(true|false|yes|no|on|off|none|null|undefined)$/i.test(text) ||
    /^(\$|`|%\{|\{\{|<|file:)/.test(text) ||
    /^\/(run|etc|var|secrets?|certs?|tmp|usr|opt|home|mnt|data|app|bitnami)\//.test(text)
  );
}

const name = String.raw`[\w.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key)`;

/** Where a text holds a secret's value: the first group is the value. */
const positions = [
  // password=..., "token": "...", -Djavax.net.ssl.keyStorePassword=...
  new RegExp(String.raw`\b${name}["']?\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|([^\s"',;&]+))`, "gi"),
  // --admin-token ...
  new RegExp(String.raw`(?:^|\s)--?${name}\s+["']?([^\s"'-][^\s"']*)`, "gi"),
  // influx setup -p ... -t ...
  /\binflux\b[^\n]*?\s-[pt]\s+["']?([^\s"']+)/g,
  // curl -u user:...
  /\s(?:-u|--user)\s+["']?[^\s:"']+:([^\s"']+)/g,
  // https://user:...@host
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:([^\s/@"']+)@/gi,
  /authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+([^\s"']+)/gi,
];

/** Texts that are secrets wherever they stand. */
const shapes = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  /\bxox[abprs]-[\w-]{10,}/,
  // InfluxDB's own tokens
  /(?<![\w-])[\w-]{86}==/,
];

/** Values at the places of a text where a secret stands, such as after `password=`. */
export function secretValuesIn(text: string): string[] {
  return positions.flatMap((position) =>
    [...text.matchAll(position)].flatMap((match) =>
      match.slice(1).filter((value) => typeof value === "string"),
    ),
  );
}

/** Whether a text holds a secret in the clear. */
export function holdsSecret(text: string): boolean {
  return shapes.some((shape) => shape.test(text)) || secretValuesIn(text).some((value) => !isHarmless(value));
}

/** Passwords and tokens of tutorials and images: refused wherever the word stands. */
const distinctive = [
  "adminpass",
  "mytoken",
  "my-super-secret-auth-token",
  "my-secret-token",
  "changeme",
  "changeit",
  "change-me",
];

/** Words that are ordinary elsewhere, and refused where a secret is expected. */
const commonplace = [
  ...["admin", "administrator", "root", "user", "guest", "test", "default", "example", "demo"],
  ...[
    "password",
    "passwd",
    "pass",
    "secret",
    "token",
    "letmein",
    "qwerty",
    "welcome",
    "my-token",
    "mypassword",
    "mysecret",
  ],
  ...[
    "admin123",
    "adminadmin",
    "rootpass",
    "rootpassword",
    "userpass",
    "password1",
    "password123",
    "passw0rd",
    "p@ssw0rd",
  ],
  ...["1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890"],
  ...["kafka", "influx", "influxdb", "grafana", "telegraf", "bitnami", "mongo", "postgres"],
];

/** Whether a secret's whole value is a default that everybody knows. */
export function isDefaultCredential(value: string, further: readonly string[] = []): boolean {
  const text = value
    .trim()
    .replace(/^["']|["']$/g, "")
    .toLowerCase();
  return [...distinctive, ...commonplace, ...further.map((one) => one.toLowerCase())].includes(text);
}

/** Whether a text holds a default credential: a distinctive one anywhere, any other where a secret stands. */
export function holdsDefaultCredential(text: string, further: readonly string[] = []): boolean {
  const lower = text.toLowerCase();
  const isWord = (word: string) => {
    const at = lower.indexOf(word);
    return at >= 0 && !/[\w-]/.test(lower[at - 1] ?? " ") && !/[\w-]/.test(lower[at + word.length] ?? " ");
  };
  return (
    [...distinctive, ...further.map((one) => one.toLowerCase())].some(isWord) ||
    secretValuesIn(text).some((value) => isDefaultCredential(value, further))
  );
}
