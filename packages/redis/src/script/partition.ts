/** Number of the partition that a tenant (or a wide counter) lives in: FNV-1a of its UTF-16 code units, modulo the count. */
export function partitionOf(name: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  // FNV's low bits alone mix poorly for names that differ in their last character.
  return ((hash ^ (hash >>> 15)) >>> 0) % partitions;
}

/** The partition's own key. All its other keys begin with it, so that its tag puts them into one slot of a cluster. */
export function partitionKey(prefix: string, partition: number): string {
  return `${prefix}:{p${partition}}`;
}
