//! Changing what `cpuid` answers in this process.
//!
//! Linux can have `cpuid` fail in a thread and those that it starts (`arch_prctl(ARCH_SET_CPUID, 0)`), on processors
//! that can do so: Intel's since Ivy Bridge, AMD's by newer kernels, virtual machines under KVM. The signal of the
//! failure then answers in the instruction's place. This is by hand because no library does it; it is the only
//! code of the workspace that the compiler cannot vouch for.
#![allow(unsafe_code)]

use std::arch::x86_64::__cpuid_count;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

use libc::{c_int, c_void, siginfo_t, ucontext_t};
use spec::Instructions;

use crate::answer::{Answer, less};

/// `ARCH_SET_CPUID` of Linux's `asm/prctl.h`, which the `libc` crate does not have.
const ARCH_SET_CPUID: c_int = 0x1012;

/// `cpuid` in machine code.
const CPUID: [u8; 2] = [0x0f, 0xa2];

/// What the process is held to, and what handled the signal before. Written once, before the first failure.
static HELD: OnceLock<(Instructions, libc::sigaction)> = OnceLock::new();

/// From here on `cpuid` tells this thread, and those that it will start, no more than `held`.
///
/// # Errors
/// If the kernel or the processor cannot do it.
pub fn answer_less(held: Instructions) -> io::Result<()> {
    let mut before = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the pointer is to room for the action, which the call fills.
    let got = unsafe { libc::sigaction(libc::SIGSEGV, ptr::null(), before.as_mut_ptr()) };
    if got != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: filled by the call that succeeded.
    let before = unsafe { before.assume_init() };
    if HELD.set((held, before)).is_err() {
        return Err(io::Error::other("the process is held already"));
    }
    let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_fault;
    // SAFETY: all zero is a valid action, whose fields are set below; the handler has the three parameters that
    // SA_SIGINFO asks for.
    let taken = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as usize;
        // As the standard library's own handler of overflowing stacks, which is called for all else.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGSEGV, &raw const action, ptr::null_mut())
    };
    if taken != 0 {
        return Err(io::Error::last_os_error());
    }
    let_cpuid(false)
}

/// Whether `cpuid` runs in this thread or fails.
fn let_cpuid(run: bool) -> io::Result<()> {
    // SAFETY: the call changes a flag of this thread; what `cpuid` then does is handled by `on_fault`.
    let done = unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_CPUID, c_int::from(run)) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Answers `cpuid` in its place; every other fault goes to whom it went before.
///
/// Only what a signal handler may do: two system calls, the instruction, and writes to the saved registers.
extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO the context of the interrupted thread, which is only
    // read and written here until the handler returns.
    let registers = unsafe { &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs };
    // SAFETY: as above; the signal says how the fault came about.
    let by_the_kernel = unsafe { (*info).si_code } == libc::SI_KERNEL;
    let at = registers[libc::REG_RIP as usize];
    // A page that cannot be read or executed faults with another code than that of a refused instruction, so
    // that the two bytes at the interrupted place can be read where this one is told.
    // SAFETY: the processor has just read an instruction there.
    if by_the_kernel && unsafe { ptr::read_unaligned(at as *const [u8; 2]) } == CPUID {
        let Some((held, _)) = HELD.get() else { return };
        let leaf = registers[libc::REG_RAX as usize] as u32;
        let part = registers[libc::REG_RCX as usize] as u32;
        if let_cpuid(true).is_err() {
            return;
        }
        let told = __cpuid_count(leaf, part);
        let _ = let_cpuid(false);
        let told = less(
            *held,
            leaf,
            part,
            Answer {
                eax: told.eax,
                ebx: told.ebx,
                ecx: told.ecx,
                edx: told.edx,
            },
        );
        for (register, value) in [
            (libc::REG_RAX, told.eax),
            (libc::REG_RBX, told.ebx),
            (libc::REG_RCX, told.ecx),
            (libc::REG_RDX, told.edx),
        ] {
            registers[register as usize] = i64::from(value);
        }
        registers[libc::REG_RIP as usize] = at + CPUID.len() as i64;
        return;
    }
    pass_on(signal, info, context);
}

/// Hands a fault to whom it went before.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let before = HELD.get().map(|(_, before)| before);
    match before {
        Some(before)
            if before.sa_flags & libc::SA_SIGINFO != 0 && before.sa_sigaction != libc::SIG_DFL =>
        {
            // SAFETY: an action with SA_SIGINFO that is not the default holds a handler with these parameters.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                unsafe { std::mem::transmute(before.sa_sigaction) };
            handler(signal, info, context);
        }
        // The instruction runs again, and the process ends by the signal.
        // SAFETY: the default action needs nothing.
        _ => unsafe {
            libc::signal(signal, libc::SIG_DFL);
        },
    }
}
