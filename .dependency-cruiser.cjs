const typesOnly = { dependencyTypesNot: ['type-only'] };
const CLIENTS =
  'node_modules/(kafkajs|@polkadot/(api|types|rpc-provider|types-codec)|libp2p|@libp2p|@chainsafe|@multiformats|@opentelemetry|rocksdb)(/|$)';

/** Which way imports may point (README, "Where things are"). */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'domain-stands-alone', severity: 'error', from: { path: '^src/domain' }, to: { path: '^(src/(?!domain)|node_modules/rxjs)' } },
    {
      name: 'envelopes-know-no-rxjs',
      severity: 'error',
      from: { path: '^src/envelope' },
      to: { path: '^(src/(?!(envelope|domain)/)|node_modules/rxjs)' },
    },
    {
      name: 'operators-are-pure',
      severity: 'error',
      from: { path: '^src/operators' },
      to: { path: '^src/', pathNot: '^src/(operators|envelope|domain)' },
    },
    {
      name: 'operators-know-rxjs-alone',
      severity: 'error',
      from: { path: '^src/operators' },
      to: { path: '^node_modules/', pathNot: '^node_modules/rxjs' },
    },
    {
      name: 'data-knows-the-domain-only',
      severity: 'error',
      from: { path: '^src/data' },
      to: { path: '^(src/(?!(data|domain)/)|node_modules/rxjs)' },
    },
    {
      name: 'pipelines-take-what-they-touch',
      severity: 'error',
      from: { path: '^src/pipelines' },
      to: { path: '^src/(streams|sinks|drivers|data|modules|core|devnet|commands)', ...typesOnly },
    },
    {
      name: 'streams-apart-from-sinks',
      severity: 'error',
      from: { path: '^src/streams' },
      to: { path: '^src/(sinks|pipelines|drivers|modules|core|devnet|commands)' },
    },
    {
      name: 'sinks-apart-from-streams',
      severity: 'error',
      from: { path: '^src/sinks' },
      to: { path: '^src/(streams|pipelines|drivers|modules|core|devnet|commands)' },
    },
    { name: 'core-serves-all', severity: 'error', from: { path: '^src/core' }, to: { path: '^src/(?!(core|domain)/)' } },
    {
      name: 'modules-take-drivers-as-arguments',
      severity: 'error',
      from: { path: '^src/modules' },
      to: { path: '^src/(drivers|devnet|commands|main)' },
    },
    {
      name: 'drivers-implement-ports',
      severity: 'error',
      from: { path: '^src/drivers' },
      to: { path: '^src/(pipelines|modules|operators|devnet|commands|core)' },
    },
    {
      name: 'devnet-drives-modules',
      severity: 'error',
      from: { path: '^src/devnet' },
      to: { path: '^src/(pipelines|operators|commands|main)' },
    },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '^src/main' } },
    {
      name: 'pure-code-does-no-io',
      severity: 'error',
      from: { path: '^src/(domain|envelope|operators|pipelines)' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|util)$' },
    },
    { name: 'devnet-is-not-the-product', severity: 'error', from: { path: '^src/(?!(devnet|commands)/)' }, to: { path: '^src/devnet' } },
    { name: 'only-drivers-know-clients', severity: 'error', from: { path: '^src/(?!drivers/)' }, to: { path: CLIENTS } },
    { name: 'nobody-imports-tests', severity: 'error', from: { path: '^src' }, to: { path: '^(test|bench)' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
