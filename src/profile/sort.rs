//! Putting lists in order. The standard library's sort is generated anew for every type, 3.5 KB each time; here the numbers of the items
//! are sorted, by the same code for all types.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Sorts by `compare`; equal items stay in the order they have.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let of = |a: &usize, b: &usize| items.get(*a).zip(items.get(*b)).map_or(Ordering::Equal, |(a, b)| compare(a, b));
    arrange(items, order(items.len(), &of));
}

/// Sorts by the order that the items have among themselves.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Sorts by what `key` says of an item; equal items stay in the order they have.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// A map of the pairs; of those with one key the last counts. What `collect` makes sorts them first, by a sort of its own.
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

/// The numbers of the items in the order they belong in.
fn order(length: usize, compare: &dyn Fn(&usize, &usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    order.sort_by(compare);
    order
}

/// Brings to every place the item whose number is given for it.
fn arrange<T>(items: &mut [T], order: Vec<usize>) {
    // Where each item has got to, followed from place to place: all places before this one are filled.
    for place in 0..items.len() {
        let mut from = place;
        loop {
            from = order.get(from).copied().unwrap_or(from);
            if from >= place {
                break;
            }
        }
        items.swap(place, from);
    }
}

#[cfg(test)]
mod tests {
    use super::{sort_by, sort_by_key};

    #[test]
    fn as_the_standard_library_sorts() {
        let mut random = 12345_u64;
        for length in (0..40).chain([100, 1000]) {
            let mut ours: Vec<(u64, usize)> = (0..length)
                .map(|at| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (random >> 33 & 15, at)
                })
                .collect();
            let mut theirs = ours.clone();
            sort_by_key(&mut ours, |item| item.0);
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
            sort_by(&mut ours, |a, b| b.1.cmp(&a.1));
            assert!(ours.is_sorted_by_key(|item| std::cmp::Reverse(item.1)));
        }
    }
}
