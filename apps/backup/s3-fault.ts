import { reasonOf } from "../shared/log";
import { DestinationError } from "./destination";

/** What a message about a store names. */
export interface S3Place {
  /** `s3://bucket/prefix`. */
  readonly place: string;
  readonly bucket: string;
  /** The store's address, or what stands for AWS's own. */
  readonly store: string;
}

/** The fields of the SDK's and Node's errors, as far as they are read here. */
interface S3Failure {
  name?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string | undefined> };
}

/** An error of the SDK's in plain words: what is wrong, where, and what to do. */
export function s3Fault(error: unknown, { place, bucket, store }: S3Place): DestinationError {
  if (error instanceof DestinationError) return error;
  const { name = "", code = "", $metadata, $response } = (error ?? {}) as S3Failure;
  const status = $metadata?.httpStatusCode;
  const said = reasonOf(error);
  const fault = (text: string) => new DestinationError(text, { cause: error });
  if (name === "NoSuchBucket")
    return fault(`${store} has no bucket ${bucket}: create it there, or correct its name`);
  if (name === "NoSuchKey" || name === "NotFound") return fault(`There is no ${place}`);
  if (["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"].includes(name))
    return fault(`${store} refuses the credentials for ${place} (${name}): correct the access key`);
  if (name === "CredentialsProviderError")
    return fault(
      `No credentials for ${place}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for those of ~/.aws/credentials`,
    );
  if (said === "Region is missing") return fault(`No region for ${place}: set AWS_REGION`);
  if (name === "RequestTimeTooSkewed")
    return fault(`${store} refuses ${place}: the clock of this machine is wrong (${said})`);
  if (["PermanentRedirect", "AuthorizationHeaderMalformed"].includes(name) || status === 301) {
    const region = $response?.headers?.["x-amz-bucket-region"];
    return fault(
      `The bucket ${bucket} is in another region${region === undefined ? "" : `, ${region}`}: correct the region (${said})`,
    );
  }
  if (name === "AccessDenied" || status === 403)
    return fault(
      `${store} denies the access key what a backup needs in ${place} (${said}): allow it s3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload`,
    );
  if (status === 412) return fault(`${place} was changed while it was being read: begin anew`);
  if (/CERT|SIGNATURE|ISSUER|SSL/.test(code))
    return fault(
      `The certificate of ${store} isn't trusted (${said}): name its authority's with caFile, of a command with NODE_EXTRA_CA_CERTS`,
    );
  if (status === undefined) return fault(`${store} can't be reached for ${place}: ${said || code}`);
  return fault(`${store} answers for ${place} with ${status}: ${said}`);
}
