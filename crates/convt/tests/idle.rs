//! The engine's own threads do nothing when there is nothing to do. A program of its own: other tests would keep them busy.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::Duration;

use convt::{ConvTranspose2d, Run, Scratch};

/// Processor time of the engine's threads, in the kernel's ticks; `None` where there are none.
fn ticks() -> Option<u64> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let of_task = |task: fs::DirEntry| -> Option<u64> {
        let stat = fs::read_to_string(task.path().join("stat")).ok()?;
        // The name is in parentheses; user and system time are the 12th and 13th words behind it.
        let (name, rest) = stat.rsplit_once(')')?;
        let mut words = rest.split_whitespace().skip(11);
        let time = words.next()?.parse::<u64>().ok()? + words.next()?.parse::<u64>().ok()?;
        name.contains("(convt-").then_some(time)
    };
    let times: Vec<u64> = tasks.flatten().filter_map(of_task).collect();
    (!times.is_empty()).then(|| times.iter().sum())
}

#[test]
fn helpers_sleep_soon_after_their_work() {
    let layer = ConvTranspose2d::new(16, 16, [4, 4])
        .stride([2, 2])
        .bias(false);
    let weight = vec![0.5_f32; layer.weight_shape().iter().product()];
    let plan = layer
        .plan((&weight[..], &layer.weight_shape()[..]), None)
        .unwrap();
    let shape = [1, 16, 32, 32];
    let x = vec![1.0_f32; shape.iter().product()];
    let mut y = vec![0.0; plan.output_shape(&shape).unwrap().iter().product()];
    let (mut scratch, run) = (Scratch::new(), Run::new().threads(2));
    for _ in 0..100 {
        plan.run_slice_into_with(&x, &shape, &mut y, &mut scratch, &run)
            .unwrap();
    }
    // A machine of one processor has no helpers.
    if std::thread::available_parallelism().map_or(1, usize::from) == 1 {
        return;
    }
    std::thread::sleep(Duration::from_millis(50));
    let before = ticks().expect("helpers have run");
    std::thread::sleep(Duration::from_millis(500));
    // A helper that did not sleep would have used fifty.
    assert!(ticks().unwrap() - before <= 2);
}
