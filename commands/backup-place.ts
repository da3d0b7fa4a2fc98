import * as path from "node:path";
import { type Destination, type StoredArchive } from "../apps/backup/destination";
import { folderDestination } from "../apps/backup/folder-destination";
import { s3Destination } from "../apps/backup/s3-destination";
import { weatherFolder } from "../embedded/folder";
import { UserError } from "../embedded/stack-config";
import { projectRoot } from "./arguments";

/**
 * Where a command's backups go: `s3://BUCKET[/PREFIX]`, or a folder; by default `.weather/backups`. Credentials and region of a bucket
 * come from where the AWS CLI has them (`AWS_*`, `~/.aws`).
 *
 * @param endpoint of a store that isn't Amazon's. Default: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, else Amazon's own.
 * @throws UserError where it's neither.
 */
export function destinationAt(place: string | undefined, endpoint: string | undefined): Destination {
  if (place?.startsWith("s3:") !== true) {
    if (endpoint !== undefined)
      throw new UserError("--endpoint is an S3 store's: name the bucket as s3://BUCKET/PREFIX");
    return folderDestination(path.resolve(place ?? path.join(weatherFolder(projectRoot), "backups")));
  }
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/?$/.exec(place) ?? [];
  if (bucket === undefined)
    throw new UserError(`${place} names no bucket: it must be s3://BUCKET or s3://BUCKET/PREFIX`);
  const { AWS_REGION: region, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  const address = endpoint ?? (AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || undefined);
  if (address !== undefined && !/^https?:\/\//.test(address))
    throw new UserError(`${address} must be an http or https address, such as https://s3.example`);
  // A store of a site's own has one region; the SDK wants it named.
  return s3Destination({
    bucket,
    prefix,
    endpoint: address,
    region: region ?? (address === undefined ? undefined : "us-east-1"),
  });
}

/** A backup by its path, or its `s3://BUCKET/PREFIX/FILE`. @throws UserError as {@link destinationAt}. */
export function archiveAt(name: string, endpoint: string | undefined): StoredArchive {
  const at = name.lastIndexOf("/");
  const file = name.slice(at + 1);
  if (!name.startsWith("s3:"))
    return destinationAt(path.dirname(path.resolve(name)), endpoint).open(path.basename(name));
  if (file === "" || name.slice(0, at) === "s3:/")
    throw new UserError(`${name} names no backup: it must be s3://BUCKET/PREFIX/FILE`);
  return destinationAt(name.slice(0, at), endpoint).open(file);
}
