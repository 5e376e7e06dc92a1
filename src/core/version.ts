import manifest from '../../package.json' with { type: 'json' };

/** The version of this software, as package.json has it: `--version`, the first line of the log, `/status`, metrics and links tell it. */
export const VERSION: string = manifest.version;
