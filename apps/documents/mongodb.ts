import { type Collection, MongoClient } from "mongodb";
import { readSecret } from "../shared/lifecycle";
import { type DocumentsConfig } from "./config";
import { type WeatherDocument } from "./document";

/**
 * A client of MongoDB for the connection. It makes no connection by itself.
 *
 * @throws ConfigError where the password can't be read.
 */
export function createMongo({
  url,
  database,
  login,
  caFile,
  answerWithinMs,
}: DocumentsConfig["mongodb"]): MongoClient {
  return new MongoClient(url, {
    appName: "weather-documents",
    ...(login && {
      auth: {
        username: login.username,
        password: readSecret("mongodb.login.passwordFile", login.passwordFile),
      },
      authSource: database,
    }),
    ...(caFile !== undefined && { tls: true, tlsCAFile: caFile }),
    // On disk, and on most of the members where there are several.
    writeConcern: { w: "majority", journal: true },
    serverSelectionTimeoutMS: answerWithinMs,
    connectTimeoutMS: answerWithinMs,
    socketTimeoutMS: answerWithinMs,
  });
}

/** Writes documents, each in the place of the one of its id. Rejects unless MongoDB has acknowledged them all. */
export async function upsert(
  collection: Collection<WeatherDocument>,
  documents: readonly WeatherDocument[],
): Promise<void> {
  await collection.bulkWrite(
    documents.map(({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id }, replacement, upsert: true },
    })),
    // One that fails doesn't hold the others up.
    { ordered: false },
  );
}
