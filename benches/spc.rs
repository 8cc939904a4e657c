//! CPU time of SPC: 1,000 series of 36 points each. `cargo bench --bench spc`.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use innovation_register::kpis::spc::rules::{Direction, Parameters, Point, Profile, analyse};
use std::time::Instant;

fn main() {
    let series: Vec<Vec<Point>> = (0..1000u32)
        .map(|series| {
            let value = |point: u32| f64::from((series * 31 + point * point * 17) % 97);
            (0..36)
                .map(|point| Point {
                    value: Some(value(point)),
                    target: Some(48.0),
                    excluded: false,
                    ..Point::default()
                })
                .collect()
        })
        .collect();
    for profile in [Profile::Mdc, Profile::Ptd] {
        let parameters = Parameters::of(profile, Direction::Increase);
        let mut runs: Vec<f64> = (0..5)
            .map(|_| {
                let started = Instant::now();
                let signals: usize =
                    series.iter().map(|points| analyse(points, None, &[], &parameters).points.len()).sum();
                assert_eq!(signals, 36_000);
                started.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        runs.sort_by(f64::total_cmp);
        println!("{}: 1,000 series x 36 points in {:.1} ms", profile.as_str(), runs[2]);
    }
}
