/* Fields of Kafka's protocol as a broker writes them. */

export const int8 = (value: number) => Buffer.from(Int8Array.of(value));
export const int16 = (value: number) => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
export const int32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
export const int64 = (value: number) => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
};
/** A length of less than 127, plus one. */
const length = (value: number) => Buffer.from([value + 1]);
export const compactString = (text: string) => Buffer.concat([length(text.length), Buffer.from(text)]);
export const compactArray = (items: readonly Buffer[]) => Buffer.concat([length(items.length), ...items]);
export const noTags = Buffer.from([0]);
/** A tagged field that a reader doesn't know and must step over. */
export const unknownTag = Buffer.from([1, 7, 3, 97, 98, 99]);
