/** The port coordinators listen on where nothing else is said (reference serai.md §d). */
export const COORDINATOR_PORT = 30_563;

const SHAPE = /^\/(ip4|ip6|dns|dns4|dns6)\/([A-Za-z0-9.:_-]{1,253})\/tcp\/([1-9][0-9]{0,4})$/;

/** An address at most, in characters. */
export const ADDRESS_LIMIT = 255;

interface Parts {
  readonly kind: string;
  readonly host: string;
  readonly port: number;
}

const partsOf = (address: string): Parts | undefined => {
  const [, kind = '', host = '', port = ''] = SHAPE.exec(address) ?? [];
  if (kind === '' || Number(port) > 65_535) return undefined;
  if (kind === 'ip4' && !isIp4(host)) return undefined;
  if (kind === 'ip6' && !/^[0-9a-fA-F:.]{2,45}$/.test(host)) return undefined;
  return { kind, host, port: Number(port) };
};

const isIp4 = (host: string): boolean => {
  const bytes = host.split('.');
  return bytes.length === 4 && bytes.every((byte) => /^(0|[1-9][0-9]{0,2})$/.test(byte) && Number(byte) < 256);
};

/** Whether a text is an address a coordinator can be reached at: a multiaddr of IPv4, IPv6 or a DNS name, and a TCP port. */
export const isAddress = (text: string): boolean => partsOf(text) !== undefined;

const PRIVATE_IP4: readonly (readonly [first: number, from: number, to: number])[] = [
  [0, 0, 255],
  [10, 0, 255],
  [100, 64, 127],
  [127, 0, 255],
  [169, 254, 254],
  [172, 16, 31],
  [192, 168, 168],
];

const isPrivateIp4 = (host: string): boolean => {
  const [first = 0, second = 0] = host.split('.').map(Number);
  return first >= 224 || PRIVATE_IP4.some(([at, from, to]) => first === at && second >= from && second <= to);
};

const isPrivateIp6 = (host: string): boolean => {
  const text = host.toLowerCase();
  // What begins with zeros is unspecified, loopback, or an IPv4 address in disguise; none of them is announced.
  return /^(::|0+:|f[cdf]|fe[89ab])/.test(text);
};

/** Whether an address leads into our own machine or network: nobody else may have us dial there. Names are taken at their word, but for `localhost`. */
export const isPrivate = (address: string): boolean => {
  const parts = partsOf(address);
  if (parts === undefined) return true;
  if (parts.kind === 'ip4') return isPrivateIp4(parts.host);
  if (parts.kind === 'ip6') return isPrivateIp6(parts.host);
  return !parts.host.includes('.') || /(^|\.)(localhost|local|internal)\.?$/i.test(parts.host);
};

/** The host of an address, whatever its port; undefined for what is no address. */
export const hostOf = (address: string): string | undefined => partsOf(address)?.host;

/** Who may be behind a host: an IPv4 address or a name itself, of IPv6 the first 64 bits, for whoever has one such address has them all. */
export const networkOf = (host: string): string => {
  if (!host.includes(':')) return host;
  const [before = '', after] = host.toLowerCase().split('::');
  const first = before.split(':').filter((part) => part !== '');
  const last = after === undefined ? [] : after.split(':').filter((part) => part !== '');
  const zeros = after === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return [...first, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4).join(':');
};

/** An address without the libp2p identity at its end. */
export const withoutIdentity = (address: string): string => address.replace(/\/p2p\/[A-Za-z0-9]+$/, '');

/**
 * Where the coordinator beside a Serai node may be: the node's address (`p2p_validators`) names the node's own port and identity, so the host is
 * kept and the port is the coordinators'. Undefined for addresses of other transports.
 */
export const besideNode = (nodeAddress: string, port: number = COORDINATOR_PORT): string | undefined => {
  const parts = partsOf(withoutIdentity(nodeAddress));
  return parts === undefined ? undefined : `/${parts.kind}/${parts.host}/tcp/${String(port)}`;
};
