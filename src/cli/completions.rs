//! `convt completions` and `convt man`: what packagers and shells install.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::failure::Failure;

/// Shell completions, to standard output
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt completions bash > ~/.local/share/bash-completion/completions/convt
  convt completions zsh > ~/.zfunc/_convt
  convt completions fish > ~/.config/fish/completions/convt.fish
  convt completions powershell >> $PROFILE")]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "convt", &mut text);
    print(&text)
}

/// The manual page, to standard output
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt man > convt.1
  convt man run > convt-run.1")]
pub(crate) struct ManArgs {
    /// The page of this command instead of the whole program's
    command: Option<String>,
}

pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    let mut program = super::Cli::command();
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                return Err(Failure::usage(format!(
                    "command = {name:?} is none of convt's: see convt --help"
                )));
            }
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    print(&text)
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text)?;
    Ok(out.flush()?)
}
