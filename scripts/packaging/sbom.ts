import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What is needed of a package.json. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

export const readManifest = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest;

/** Orders by the code units of a text, as no locale does. */
export const comparedBy =
  <T>(textOf: (value: T) => string) =>
  (a: T, b: T): number => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : Number(left > right);
  };

interface Component {
  readonly 'bom-ref': string;
  readonly [field: string]: unknown;
}

/** CycloneDX, as far as it is changed here. */
interface Bom {
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly [field: string]: unknown;
}

/** Of all that is installed: with `--omit dev` npm also leaves out what a tool of development needs besides us. */
const fromNpm = (): Bom => {
  // npm is not on the path of its own scripts by a name that every system can start.
  const npm = process.env['npm_execpath'];
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const { status, stdout, stderr } =
    npm === undefined ? spawnSync('npm', args, { encoding: 'utf8' }) : spawnSync(process.execPath, [npm, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout) as Bom;
};

interface Shipped {
  /** Seconds since 1970. */
  readonly time: number;
  /** The packages, as `name@version`. */
  readonly packages: ReadonlySet<string>;
  /** Node.js, which npm takes for a tool of development. */
  readonly node: Manifest;
}

/** The bill of materials of what is shipped: npm's, with Node.js, and without what differs from one run to the next. */
export const sbomOf = ({ time, packages, node }: Shipped): object => {
  const { serialNumber: _, metadata, components, dependencies, ...rest } = fromNpm();
  const { name, version } = readManifest('package.json');
  const runtime: Component = {
    'bom-ref': `${node.name}@${node.version}`,
    ...{ type: 'application', name: 'node', version: node.version, scope: 'required' },
    purl: `pkg:npm/${node.name}@${node.version}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
  const root = metadata.component['bom-ref'];
  const shipped = (ref: string): boolean => ref === root || packages.has(ref);
  return {
    ...rest,
    metadata: {
      timestamp: new Date(time * 1_000).toISOString(),
      lifecycles: [{ phase: 'build' }],
      component: { ...metadata.component, name, version },
    },
    components: [...components.filter((one) => shipped(one['bom-ref'])), runtime].sort(comparedBy((one) => one['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => shipped(ref))
      .map(({ ref, dependsOn }) => ({
        ref,
        dependsOn: [...dependsOn.filter(shipped), ...(ref === root ? [runtime['bom-ref']] : [])].sort(),
      }))
      .concat({ ref: runtime['bom-ref'], dependsOn: [] })
      .sort(comparedBy(({ ref }) => ref)),
  };
};
