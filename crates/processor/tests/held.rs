//! A process that is held computes with no more, in every thread, and its faults are told as before.
//!
//! What a process has found it keeps, so that each case has a process of its own: the test runs itself again.

#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use processor::{Blocks, ProcessorError, Set, hold_to, instruction_set, kernels};
use spec::{Instructions, Word};

const HELD: &str = "RHEA_TEST_HELD";
const THEN: &str = "RHEA_TEST_THEN";

/// Runs `test` again, as a process that is held.
fn again(test: &str, held: Instructions, then: &str) -> Output {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture"]);
    command.env(HELD, held.word()).env(THEN, then);
    command.output().expect("it starts")
}

/// `None` where the machine cannot hide its instructions; that is then what it says.
fn said(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.contains("cannot be hidden") {
        assert!(text.contains("\nhint: "), "{text}");
        eprintln!("not tested here: {text}");
        return None;
    }
    Some(text + &String::from_utf8_lossy(&output.stderr))
}

/// Leaf 7 as code that asks the processor by itself sees it.
fn leaf_seven() -> u32 {
    std::arch::x86_64::__cpuid_count(7, 0).ebx
}

const AVX2: u32 = 1 << 5;
const AVX512F: u32 = 1 << 16;

/// What the process that a test has started does; whether this is such a process.
fn is_held() -> bool {
    let (Ok(held), Ok(then)) = (std::env::var(HELD), std::env::var(THEN)) else {
        return false;
    };
    let held = Instructions::read(&held).expect("a word");
    if let Err(error) = hold_to(held) {
        println!("{error}");
        assert!(matches!(
            error,
            ProcessorError::Lacks { .. }
                | ProcessorError::Shows { .. }
                | ProcessorError::Sums { .. }
        ));
        return true;
    }
    match then.as_str() {
        "sets" => {
            let thread = || {
                format!(
                    "{} {:#x}",
                    instruction_set(),
                    leaf_seven() & (AVX2 | AVX512F)
                )
            };
            let other = std::thread::spawn(thread).join().expect("a thread");
            println!("sets: {} and {other}", thread());
        }
        "overflow" => println!("{}", deep(1)),
        "blocks" => {
            let kernels = kernels();
            assert_eq!(kernels.blocks, Blocks::usual(kernels.set));
            assert!(std::fs::read("/proc/self/stat").is_ok());
            println!("blocks: {}", in_blocks(kernels.set, kernels.blocks.single));
        }
        "again" => println!("again: {}", hold_to(held).is_ok()),
        _ => unreachable!(),
    }
    true
}

#[allow(unconditional_recursion)]
fn deep(at: u64) -> u64 {
    let room = std::hint::black_box([at; 64]);
    room[3] + deep(room[7] + 1)
}

/// Whether gemm sums a long product in blocks of `block` terms, by its digits.
fn in_blocks(set: Set, block: usize) -> bool {
    const SIDE: usize = 72;
    const TERMS: usize = 4096;
    let term = |at: usize| ((at * 37 + 11) % 101) as f32 / 97.0 - 0.5;
    let left: Vec<f32> = (0..SIDE * TERMS).map(term).collect();
    let right: Vec<f32> = (0..SIDE * TERMS).map(|at| term(3 * at + 1)).collect();
    let mut product = vec![0f32; SIDE * SIDE];
    let (side, terms) = (SIDE as isize, TERMS as isize);
    // Columns one after another: `left` is SIDE x TERMS, `right` TERMS x SIDE.
    #[allow(unsafe_code)]
    // SAFETY: the three buffers have the sizes that these shapes and strides reach.
    unsafe {
        gemm::gemm(
            SIDE,
            SIDE,
            TERMS,
            product.as_mut_ptr(),
            side,
            1,
            false,
            left.as_ptr(),
            side,
            1,
            right.as_ptr(),
            terms,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
    let add = |sum: f32, a: f32, b: f32| {
        if set < Set::AVX2 {
            sum + a * b
        } else {
            a.mul_add(b, sum)
        }
    };
    (0..SIDE * SIDE).all(|at| {
        let (row, column) = (at % SIDE, at / SIDE);
        let mut whole = 0f32;
        for from in (0..TERMS).step_by(block) {
            let terms = from..TERMS.min(from + block);
            let sum = terms.fold(0f32, |sum, k| {
                add(sum, left[k * SIDE + row], right[column * TERMS + k])
            });
            whole = if from == 0 { sum } else { whole + sum };
        }
        whole == product[at]
    })
}

#[test]
fn long_products_are_summed_in_the_blocks_that_are_told() {
    if is_held() {
        return;
    }
    let here = kernels();
    assert!(in_blocks(here.set, here.blocks.single));
    assert!(
        !in_blocks(here.set, here.blocks.single / 2),
        "digits do not tell"
    );
    for held in Instructions::ALL {
        let test = "long_products_are_summed_in_the_blocks_that_are_told";
        let output = again(test, *held, "blocks");
        assert!(output.status.success(), "{output:?}");
        let Some(text) = said(&output) else { continue };
        let lacks = text.contains("this processor has ");
        assert!(lacks || text.contains("blocks: true"), "{text}");
    }
}

#[test]
fn every_thread_finds_what_the_process_is_held_to() {
    if is_held() {
        return;
    }
    let here = instruction_set();
    for (held, set, left) in [
        (Instructions::Avx512, Set::AVX512, AVX2 | AVX512F),
        (Instructions::Avx2, Set::AVX2, AVX2),
        (Instructions::Portable, Set::SSE42, 0),
    ] {
        let output = again(
            "every_thread_finds_what_the_process_is_held_to",
            held,
            "sets",
        );
        assert!(output.status.success(), "{output:?}");
        let Some(text) = said(&output) else { continue };
        if set > here {
            let lacks = format!("this processor has {here} and not {set}\nhint: ");
            assert!(text.contains(&lacks), "{text}");
        } else if text.contains("sets: ") {
            let one = format!("{set} {left:#x}");
            assert!(text.contains(&format!("sets: {one} and {one}")), "{text}");
        } else {
            panic!("{text}");
        }
    }
}

#[test]
fn an_overflowing_stack_is_still_told() {
    if is_held() {
        return;
    }
    let output = again(
        "an_overflowing_stack_is_still_told",
        Instructions::Portable,
        "overflow",
    );
    let Some(text) = said(&output) else { return };
    assert!(text.contains("has overflowed its stack"), "{text}");
    assert_eq!(output.status.signal(), Some(6), "{output:?}");
}

#[test]
fn a_process_is_held_once_and_the_same_again_is_no_error() {
    if is_held() {
        return;
    }
    let output = again(
        "a_process_is_held_once_and_the_same_again_is_no_error",
        Instructions::Portable,
        "again",
    );
    let Some(text) = said(&output) else { return };
    assert!(text.contains("again: true"), "{text}");
}
