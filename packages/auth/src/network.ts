/**
 * The network that an address belongs to: an IPv4 address itself (also where it is mapped into IPv6), an IPv6 address cut to
 * its prefix, because one subscriber has a whole one. Anything else is its own network.
 */
export function networkOf(address: string | undefined, ipv6Subnet: number): string {
  if (!address) return '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1] as string;
  const groups = address.includes(':') ? groupsOf(address.split('%')[0] as string) : undefined;
  if (!groups) return address;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  }
  const kept = groups.map((group, index) => {
    const bits = Math.min(16, Math.max(0, ipv6Subnet - index * 16));
    return (group & (0xffff << (16 - bits)) & 0xffff).toString(16);
  });
  return `${kept.join(':')}/${ipv6Subnet}`;
}

/** The eight groups of an IPv6 address; `undefined` where it is none. */
function groupsOf(address: string): number[] | undefined {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (dotted) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(2).map(Number);
    return groupsOf(`${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
  }
  const [head = '', tail, more] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - left.length - right.length;
  if (more !== undefined || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const texts = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return texts.every((text) => /^[0-9a-f]{1,4}$/i.test(text))
    ? texts.map((text) => Number.parseInt(text, 16))
    : undefined;
}
