//! Steps of axes that people read at a glance.

/// 1, 2 or 5 times a power of ten, no finer than asked.
pub fn nice_step(rough: f64) -> f64 {
    let magnitude = 10_f64.powf(rough.log10().floor());
    let multiple = [1.0, 2.0, 5.0].into_iter().find(|multiple| multiple * magnitude >= rough * 0.999);
    magnitude * multiple.unwrap_or(10.0)
}

/// Label every so many periods that no two labels touch, in strides natural to months and quarters.
pub fn label_every(needed: f64, points: usize) -> usize {
    let natural = [1, 2, 3, 4, 6, 12, 24, 36, 48, 60, 120].into_iter();
    let fits = |stride: &usize| u32::try_from(*stride).is_ok_and(|stride| f64::from(stride) >= needed);
    natural.chain([points]).find(fits).unwrap_or(points).max(1)
}
