import { readdirSync, readFileSync } from 'node:fs';

/** A command as a reader of the documentation finds it: in a block of code, or in the text. */
export interface DocumentedCommand {
  readonly file: string;
  /** Without the prompt, and without the remark behind it. */
  readonly line: string;
}

const PAGES = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))];
const PROGRAM =
  /^(npm|npx|node|bin\/|coordinator |curl|docker|systemctl|sudo|tar|sha256sum|git|promtool|kafka-|journalctl|install |cp |mkdir )/;

/** Words of a command, as a shell reads them. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g)].map(([word]) => word.replaceAll(/["']/g, ''));

/** Every command in the documentation, each once for every page that has it. */
export const documentedCommands = (): readonly DocumentedCommand[] =>
  PAGES.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const blocks = [...text.matchAll(/^ *```\w*\n(.*?)^ *```/gms)].flatMap(([, block = '']) =>
      block.replaceAll(/\\\n\s*/g, '').split('\n'),
    );
    const inline = [...text.matchAll(/`(npm (?:run|start|test|ci)[^`\n]*)`/g)].map(([, line = '']) => line);
    const lines = [...blocks, ...inline].map((line) =>
      line
        .trim()
        .replace(/^[$#] /, '')
        .replace(/\s+#\s.*$/, ''),
    );
    // The program alone, as it stands before a command, is none.
    const commands = lines.filter((line) => PROGRAM.test(line) && !line.endsWith(' --'));
    return [...new Set(commands)].map((line) => ({ file, line }));
  });
