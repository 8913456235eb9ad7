use super::*;

const TILE: &str = "_RINvNtC_10convt_simd3isa8run_avx2INtNtB4_4tile5SweepfNtNtNtC_4core9core_arch3x866___m256Kj3_Kj2_EEB4_";

/// A tile of three rows and two vectors: an outer loop over planes, an inner one over taps, a copy, and the body given.
fn listing(symbol: &str, body: &str) -> String {
    format!(
        "\t.globl\t{symbol}\n{symbol}:\n.Lfunc_begin7:\n\tpushq\t%rbx\n\tvmovups\t%ymm0, -32(%rsp)\n.LBB7_1:\n\
         \tmovq\t(%rdi), %rax  # %rsp is spoken of here\n.LBB7_2:\n{body}\tjne\t.LBB7_2\n\tdecq\t%rsi\n\tjne\t.LBB7_1\n\
         .LBB7_3:\n\tvmovups\t32(%rsp), %ymm0\n\tvmovups\t%ymm0, (%rdx)\n\tjne\t.LBB7_3\n\tvzeroupper\n\tretq\n.Lfunc_end7:\n"
    )
}

fn fused(count: usize) -> String {
    "\tvfmadd231ps\t(%r8), %ymm1, %ymm15\n".repeat(count)
}

fn only(text: &str, syntax: Syntax) -> Function {
    let mut found = functions(text, syntax);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn a_good_listing_has_no_fault_and_a_readable_name() {
    let found = only(&listing(TILE, &fused(6)), Syntax::X86);
    assert_eq!(found.name, "run_avx2 f32 3x2");
    assert_eq!(found.tile, Some((3, 2)));
    // The outer loop and the copy, which touches the stack, are none of its business.
    let inner = Loop {
        fused: 6,
        on_stack: 0,
    };
    assert_eq!(found.loops, [inner]);
    assert!(found.faults().is_empty());
    // Unrolled twice is as good.
    assert!(
        only(&listing(TILE, &fused(12)), Syntax::X86)
            .faults()
            .is_empty()
    );
}

#[test]
fn a_vector_on_the_stack_inside_the_loop_is_a_fault() {
    for spill in [
        "\tvmovups\t96(%rsp), %ymm3\n",
        "\tvmovaps\t%zmm3, (%rsp)\n",
        "\tvfmadd231ps\t-64(%rsp), %ymm1, %ymm2\n",
        "\tvbroadcastss\t(%rsp,%rax,4), %ymm1\n",
    ] {
        let found = only(&listing(TILE, &format!("{}{spill}", fused(6))), Syntax::X86);
        assert_eq!(found.loops[0].on_stack, 1, "{spill}");
        assert_eq!(
            found
                .faults()
                .iter()
                .filter(|fault| fault.contains("stack"))
                .count(),
            1
        );
    }
    // A pointer on the stack is no vector, and %rbp is an ordinary register unless the function makes it a frame.
    for harmless in ["\tmovq\t8(%rsp), %rax\n", "\tvmovups\t(%rbp), %ymm3\n"] {
        let found = only(
            &listing(TILE, &format!("{}{harmless}", fused(6))),
            Syntax::X86,
        );
        assert!(found.faults().is_empty(), "{harmless}");
    }
    let framed = listing(TILE, &format!("{}\tvmovups\t-64(%rbp), %ymm3\n", fused(6)));
    let framed = framed.replace("\tpushq\t%rbx\n", "\tmovq\t%rsp, %rbp\n");
    assert_eq!(only(&framed, Syntax::X86).faults().len(), 1);
}

#[test]
fn sums_that_are_not_taken_apart_are_a_fault() {
    // A loop over the vectors of a tile instead of one with all of them.
    for count in [1, 5] {
        let found = only(&listing(TILE, &fused(count)), Syntax::X86);
        assert!(found.faults()[0].contains("multiple of 6"), "{found}");
    }
    assert!(only(&listing(TILE, "\tnop\n"), Syntax::X86).faults()[0].contains("multiple of 6"));
    // Any other kernel is held to the stack alone.
    let other = only(&listing("_RNvC_10convt_simd5other", &fused(5)), Syntax::X86);
    assert_eq!((other.tile, other.loops.len()), (None, 1));
    assert!(other.faults().is_empty());
}

#[test]
fn what_a_remnant_sums_may_lie_in_a_buffer() {
    let spill = "\tvmovups\t%ymm3, 32(%rsp)\n";
    for (name, sums) in [("5other", 1), ("7doubled", 2)] {
        let faults = |count| {
            let symbol = format!("_RNvC_10convt_simd{name}");
            let found = only(
                &listing(&symbol, &format!("{}{spill}", fused(count))),
                Syntax::X86,
            );
            found.faults().len()
        };
        assert_eq!((faults(sums), faults(sums + 1)), (0, 1), "{name}");
    }
}

#[test]
fn a_jump_forward_is_no_loop() {
    let text = listing(TILE, &fused(6)).replace("\tjne\t.LBB7_2\n", "\tjne\t.LBB7_9\n.LBB7_9:\n");
    // Then the outer loop is the innermost one.
    assert_eq!(
        only(&text, Syntax::X86).loops,
        [Loop {
            fused: 6,
            on_stack: 0
        }]
    );
}

#[test]
fn arm_is_read_as_well() {
    let symbol = TILE.replace("8run_avx2", "8run_neon");
    let arm = |body: &str| {
        format!(
            "{symbol}:\n\tsub\tsp, sp, #64\n\tstr\tq8, [sp, #16]\n.LBB0_1:\n\tldp\tq0, q1, [x8], #32\n{}{body}\
             \ttbz\tw9, #0, .LBB0_1\n\tb.ne\t.LBB0_1\n\tret\n.Lfunc_end0:\n",
            "\tfmla\tv2.4s, v0.4s, v3.s[0]\n".repeat(6)
        )
    };
    let good = only(&arm("\tldr\tx3, [sp, #8]\n"), Syntax::Arm);
    assert_eq!(good.name, "run_neon f32 3x2");
    assert!(good.faults().is_empty(), "{good}");
    for spill in ["\tstr\tq4, [sp, #32]\n", "\tldp\tq4, q5, [sp, #32]\n"] {
        let bad = only(&arm(spill), Syntax::Arm);
        assert_eq!(bad.faults().len(), 1, "{bad}");
    }
}

#[test]
fn rows_and_vectors_are_read_from_the_name() {
    assert_eq!(tile(TILE), Some((3, 2)));
    assert_eq!(tile(&TILE.replace("Kj3_Kj2_", "Kjc_Kj10_")), Some((12, 16)));
    assert_eq!(tile(&TILE.replace("Kj3_Kj2_", "Kj3_KB1M_")), Some((3, 3)));
    assert_eq!(tile("_RNvC_10convt_simd5other"), None);
}
