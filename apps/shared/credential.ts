import { createHash, timingSafeEqual } from "node:crypto";

/** Whether what was shown is the credential. Compares digests, so that neither content nor length of it shows in the time it takes. */
export function isCredential(shown: string | undefined, credential: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown ?? ""), digest(credential));
}
