//! The program from outside: every command, its exit code, its streams and its refusals.

mod desk;
mod isa;
mod program;
mod queries;
mod refusals;
mod run;
mod vectors;
