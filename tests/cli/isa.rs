//! `CONVT_ISA` chooses the instruction set, or is refused; it never changes a byte.

use super::desk::{Desk, RUN, outcome, run_with};

const PLAN: [&str; 2] = ["plan", "conv_transpose2d n1 c64-32 i14x14 k4 s2 p1"];

#[test]
fn every_set_of_the_machine_may_be_forced_and_writes_the_same_bytes() {
    let desk = Desk::textbook();
    desk.convt(&RUN).ok();
    let expected = std::fs::read(desk.path("y.npy")).unwrap();
    let best = desk.convt(&[PLAN[0], PLAN[1], "--json"]).json()["isa"].clone();
    assert_eq!(best, convt::Isa::available()[0].name());
    for isa in convt::Isa::available() {
        let forced = |words: &[&str]| {
            let mut command = desk.command(words);
            command.env("CONVT_ISA", isa.name());
            outcome(command).ok()
        };
        let plan = forced(&PLAN);
        let shown = format!("/{isa}: ");
        assert!(plan.text().contains(&shown), "{}", plan.text());
        forced(&run_with(&["--overwrite"]));
        assert_eq!(
            std::fs::read(desk.path("y.npy")).unwrap(),
            expected,
            "{isa}"
        );
    }
    // Nothing is nothing.
    let mut command = desk.command(&PLAN);
    command.env("CONVT_ISA", "");
    outcome(command).ok();
}

#[test]
fn a_set_that_is_not_there_is_refused_before_anything_is_written() {
    let desk = Desk::textbook();
    let missing = convt::Isa::NAMES
        .iter()
        .find(|&&name| convt::Isa::named(name).is_err());
    let missing = missing.expect("no machine has the sets of two architectures");
    for (name, part) in [("sse9", "there is no such"), (missing, "does not have it")] {
        for words in [&RUN[..], &PLAN, &["upscale", "no.png", "-o", "big.png"]] {
            let mut command = desk.command(words);
            command.env("CONVT_ISA", name);
            let parts = [&*format!("CONVT_ISA = {name}: "), part, "portable"];
            outcome(command).refused(2, &parts);
        }
    }
    assert_eq!(desk.names(), ["w.npy", "x.npy"]);
}
