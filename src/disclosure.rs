//! Small numbers: how counts of patients are shown to readers without the grant to see them as they are (NHS England's
//! disclosure control for published counts).

/// The count to the nearest 5, or nothing for 1 to 7 and for as many fewer. It is scaled, so that `one` stands for one.
pub fn rounded(scaled: i64, one: i64) -> Option<i64> {
    if scaled != 0 && scaled.abs() < 8 * one {
        return None;
    }
    let five = 5 * one;
    Some((scaled + five / 2).div_euclid(five) * five)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn small_counts_are_kept_back_and_others_rounded_to_five() {
        let answered: Vec<Option<i64>> =
            [0, 1, 7, 8, 12, 13, 1002].into_iter().map(|count| rounded(count, 1)).collect();
        assert_eq!(answered, [Some(0), None, None, Some(10), Some(10), Some(15), Some(1000)]);
        assert_eq!([-7, -1, -8].map(|fewer| rounded(fewer, 1)), [None, None, Some(-10)]);
        assert_eq!(rounded(700, 100), None);
        assert_eq!(rounded(1200, 100), Some(1000));
    }
}
