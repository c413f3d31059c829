/**
 * `quorumlab completion bash|zsh|fish`: a few lines for a shell's start-up file. They hand the words typed so far back to this program
 * (`quorumlab __complete`), which answers from its own commands and options, the catalogue and the run folders: nothing in the
 * script can be out of date. The program is named by its path, because in a clone there is no `quorumlab` to be found by name.
 */
import { join } from "node:path";
import { Argument, type Command } from "commander";
import { packageRoot } from "../catalogue";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";

/** The first word of a question from a script. */
export const COMPLETE = "__complete";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Where a script is put, and how it takes effect. */
const INSTALL: Readonly<Record<Shell, string>> = {
  bash: "quorumlab completion bash >> ~/.bashrc",
  zsh: "quorumlab completion zsh >> ~/.zshrc",
  fish: "quorumlab completion fish > ~/.config/fish/completions/quorumlab.fish",
};

export function defineCompletion(program: Command, context: CommandContext): void {
  const command = program
    .command("completion")
    .description("a script that completes commands, options, experiments and run ids in a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action((shell: Shell, options: CommonOptions) => completion(shell, options, context));
  common(command, [
    ["source <(quorumlab completion bash)", "for this session"],
    [INSTALL.bash, "for all that come"],
    [INSTALL.fish, "the same for fish"],
  ]);
}

function completion(shell: Shell, options: CommonOptions, { io }: CommandContext): void {
  const script = SCRIPTS[shell](`${quoted(process.execPath)} ${quoted(programPath())} ${COMPLETE}`);
  if (options.json === true) printJson(io, { schema: "quorumlab/completion@1", shell, script });
  else io.stdout.write(script);
  next(io, INSTALL[shell]);
}

function programPath(): string {
  return join(packageRoot(), "dist", "experiments", "cli", "main.js");
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/**
 * bash puts a candidate into the line as it is. A profile of somebody's file, or a folder beside the runs, that is called
 * `$(…)` would be carried out with that line; and what opens with a colon, or has line breaks, would be taken for an answer's form.
 */
const PLAIN_WORD = /^(?!:)[\w./:=,@%+-]+$/;

/** Answers a script: a line for each candidate, `value<TAB>description`, after lines such as `:files`. Never fails, never complains. */
export function complete(program: Command, argv: readonly string[], context: CommandContext): void {
  const { io } = context;
  try {
    const { completionsOf } = require("./completion-candidates") as typeof import("./completion-candidates");
    const { words, cut } = joined(argv);
    const { candidates, paths, open } = completionsOf(program, words, io);
    if (paths !== undefined) io.stdout.write(`:${paths}\n`);
    if (open === true) io.stdout.write(":open\n");
    for (const { value, description } of candidates.filter((one) => PLAIN_WORD.test(one.value)))
      io.stdout.write(`${value.slice(cut)}${description === "" ? "" : `\t${description.replaceAll(/\s+/g, " ")}`}\n`);
  } catch {
    // A half-typed line is no place for an error.
  }
}

/**
 * bash breaks words at `=`: `--template=sw` comes as three. Together they are one word again, of which `cut` characters stand
 * before what the shell thinks it completes.
 */
function joined(argv: readonly string[]): { readonly words: readonly string[]; readonly cut: number } {
  const words: string[] = [];
  let cut = 0;
  argv.forEach((word, i) => {
    const glued = words.length > 0 && (word === "=" || (argv[i - 1] === "=" && i > 1));
    if (!glued) {
      words.push(word);
      cut = 0;
      return;
    }
    const before = words[words.length - 1];
    cut = word === "=" ? before.length + 1 : before.length;
    words[words.length - 1] = before + word;
  });
  return { words: words.length === 0 ? [""] : words, cut };
}

const SCRIPTS: Readonly<Record<Shell, (ask: string) => string>> = {
  bash: (ask) => `# quorumlab completion for bash
_quorumlab() {
  local IFS=\$'\\n' line cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  [[ $cur == "=" ]] && cur=""
  while IFS= read -r line; do
    case $line in
      :files) COMPREPLY+=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null ;;
      :folders) COMPREPLY+=($(compgen -d -- "$cur")); compopt -o filenames 2>/dev/null ;;
      :open) compopt -o nospace 2>/dev/null ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(${ask} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _quorumlab quorumlab
`,
  zsh: (ask) => `# quorumlab completion for zsh
_quorumlab() {
  local line files folders open
  local -a values described
  while IFS= read -r line; do
    case $line in
      :files) files=1 ;;
      :folders) folders=1 ;;
      :open) open=1 ;;
      *) values+=("\${line%%$'\\t'*}"); described+=("\${line//$'\\t'/  -- }") ;;
    esac
  done < <(${ask} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#values} )); then
    if [[ -n $open ]]; then compadd -S '' -l -d described -a values; else compadd -l -d described -a values; fi
  fi
  [[ -n $files ]] && _files
  [[ -n $folders ]] && _files -/
  return 0
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _quorumlab quorumlab
`,
  fish: (ask) => `# quorumlab completion for fish
function __quorumlab_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  for line in (${ask} $words "$current" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$current"
      case ':folders'
        __fish_complete_directories "$current" ''
      case ':open'
      case '*'
        echo $line
    end
  end
end
complete -c quorumlab -f -a '(__quorumlab_complete)'
`,
};
