// Writes dist/serai-coordinator-<version>-<platform>.tar.gz, which runs without a registry: the same tree gives the same bytes.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { comparedBy, readManifest, sbomOf } from './packaging/sbom.ts';

const PLATFORM = `${process.platform}-${process.arch}`;

/** What it is made of besides production packages and Node.js. */
const OURS = ['bin', 'config', 'deploy', 'docs', 'src', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'package.json'];

/** Node.js as the installation of the package `node` fetches it; npm takes it away again when it installs something else. */
const NODE = `node_modules/node/node_modules/node-${PLATFORM}`;

/** An operator's secrets; of packages what only a compiler or a debugger needs, and builds for other machines. */
const LEFT_OUT = [
  /^deploy\/docker\/secrets\/(?!\.gitignore$)/,
  /^node_modules\/rocksdb\/(deps\/(?!.*(LICENSE|COPYING))|binding\.(cc|gyp))/,
  /\.(d\.[cm]?ts|map|tsbuildinfo)$/,
  new RegExp(`^node_modules/rocksdb/prebuilds/(?!${PLATFORM}/)`),
];

const filesBelow = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const here = `${path}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(here);
    return [here];
  });

const isFile = (path: string): boolean => !['bin', 'config', 'deploy', 'docs', 'src'].includes(path);

/** Production packages, as package-lock.json has them and `npm ci` has placed them. */
const productionPackages = (): string[] => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { readonly dev?: true }> };
  return Object.entries(packages).flatMap(([path, { dev }]) => (path === '' || dev === true ? [] : [path]));
};

const epoch = (): number => {
  const given = process.env['SOURCE_DATE_EPOCH'] ?? spawnSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).stdout;
  const seconds = Number(given);
  if (!Number.isSafeInteger(seconds) || seconds <= 0) throw new Error('no commit to take the time from; set SOURCE_DATE_EPOCH');
  return seconds;
};

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const { out } = values;
const { name, version } = readManifest('package.json');
const top = `${name}-${version}`;
const archive = `${out}/${top}-${PLATFORM}.tar.gz`;
const time = epoch();

if (!existsSync(`${NODE}/LICENSE`)) throw new Error(`there is no ${NODE}; run: npm ci`);
mkdirSync(out, { recursive: true });
const packages = productionPackages();
const named = new Set(packages.map((path) => readManifest(`${path}/package.json`)).map((one) => `${one.name}@${one.version}`));
const sbom = `${out}/sbom.cdx.json`;
writeFileSync(sbom, `${JSON.stringify(sbomOf({ time, packages: named, node: readManifest(`${NODE}/package.json`) }), null, 2)}\n`);
const files = [
  ...OURS.flatMap((path) => (isFile(path) ? [path] : filesBelow(path))),
  ...packages.flatMap(filesBelow),
  ...[`${NODE}/bin/node`, `${NODE}/LICENSE`, sbom],
]
  .filter((path) => !LEFT_OUT.some((pattern) => pattern.test(path)))
  .sort(comparedBy((path) => path));

const transforms = [
  `s,^${NODE}/bin/node$,runtime/node,`,
  `s,^${NODE}/LICENSE$,runtime/LICENSE,`,
  `s,^${sbom}$,sbom.cdx.json,`,
  `s,^,${top}/,`,
];
const tar = spawn(
  'tar',
  [
    ...['--create', '--format=gnu', '--no-recursion', '--null', '--files-from=-', '--hard-dereference', '--absolute-names'],
    ...[`--mtime=@${String(time)}`, '--owner=root:0', '--group=root:0', '--numeric-owner', '--mode=u+rw,go-w,go+rX,a-st'],
    ...transforms.map((one) => `--transform=${one}`),
  ],
  { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], LC_ALL: 'C' } },
);
const ended = new Promise<number | null>((resolve, reject) => tar.once('close', resolve).once('error', reject));
await Promise.all([
  pipeline(Readable.from([files.join('\0')]), tar.stdin),
  pipeline(tar.stdout, createGzip({ level: 6 }), createWriteStream(archive)),
]);
if ((await ended) !== 0) throw new Error('tar failed; it has said why');

const digest = createHash('sha256').update(readFileSync(archive)).digest('hex');
writeFileSync(`${archive}.sha256`, `${digest}  ${archive.slice(out.length + 1)}\n`);
console.log(`${digest}  ${archive}: ${String(packages.length)} packages, ${String(files.length)} files`);
