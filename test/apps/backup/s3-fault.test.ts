import { DestinationError } from "../../../apps/backup/destination";
import { s3Fault } from "../../../apps/backup/s3-fault";

const place = {
  place: "s3://backups/weather",
  ...{ bucket: "backups", store: "https://s3.example" },
};
const failure = (message: string, fields: object) => Object.assign(new Error(message), fields);

test.each<[fields: object, message: RegExp]>([
  [{ name: "NoSuchBucket" }, /^https:\/\/s3\.example has no bucket backups: create it there, or correct/],
  [{ name: "NoSuchKey" }, /^There is no s3:\/\/backups\/weather$/],
  [{ name: "InvalidAccessKeyId" }, /refuses the credentials .*: correct the access key$/],
  [{ name: "SignatureDoesNotMatch" }, /refuses the credentials .*: correct the access key$/],
  [{ name: "CredentialsProviderError" }, /^No credentials for .*: set AWS_ACCESS_KEY_ID/],
  [{ name: "RequestTimeTooSkewed" }, /the clock of this machine is wrong/],
  [
    {
      name: "PermanentRedirect",
      $response: { headers: { "x-amz-bucket-region": "eu-west-3" } },
    },
    /^The bucket backups is in another region, eu-west-3: correct the region/,
  ],
  [{ name: "AccessDenied", $metadata: { httpStatusCode: 403 } }, /denies .*: allow it s3:ListBucket, /],
  [{ name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } }, /was changed while it was being read/],
  [{ code: "SELF_SIGNED_CERT_IN_CHAIN" }, /^The certificate of .* isn't trusted .* caFile/],
  [{ code: "ECONNREFUSED" }, /^https:\/\/s3\.example can't be reached for s3:\/\/backups\/weather: said$/],
  [{ name: "SlowDown", $metadata: { httpStatusCode: 503 } }, /answers for .* with 503: said$/],
])("%j is told in plain words", (fields, message) => {
  const told = s3Fault(failure("said", fields), place);
  expect(told).toBeInstanceOf(DestinationError);
  expect(told.message).toMatch(message);
});

test("no region is told as such, and what is told already stays as it is", () => {
  expect(s3Fault(new Error("Region is missing"), place).message).toMatch(/set AWS_REGION$/);
  const told = new DestinationError("told");
  expect(s3Fault(told, place)).toBe(told);
});
