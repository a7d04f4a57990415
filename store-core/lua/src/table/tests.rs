use super::*;
use alloc::vec::Vec;

fn set(table: &mut Table, key: Value, value: Value) {
    if table.set(key, value).is_err() {
        let sizes = table.sizes_with(key);
        table.resize(sizes);
        set(table, key, value);
    }
}

fn number(key: usize) -> Value {
    Value::Number(key as f64)
}

#[test]
fn integers_are_told_from_other_numbers() {
    for integer in [0, 1, -1, i32::MAX, i32::MIN] {
        assert_eq!(as_integer(f64::from(integer)), Some(integer));
    }
    for other in [0.5, -0.1, 2_147_483_648.0, 1e300, f64::NAN, f64::INFINITY, 4_294_967_297.0] {
        assert_eq!(as_integer(other), None, "{other}");
    }
}

#[test]
fn keys_in_a_row_go_to_the_array() {
    let mut table = Table::default();
    for key in 1..=100 {
        set(&mut table, number(key), number(key * 2));
    }
    assert_eq!((table.len(), table.array.len()), (100, 128));
    assert_eq!(table.get_integer(77), number(154));
}

#[test]
fn a_traversal_sees_each_entry_once() {
    let mut table = Table::default();
    let keys: Vec<_> = (0..50).map(|key| Value::Number(f64::from(key) * 1.5 - 7.0)).collect();
    for key in &keys {
        set(&mut table, *key, Value::Boolean(true));
    }
    let (mut position, mut seen) = (0, 0);
    while let (Some((key, _)), _) = table.entry_from(position) {
        assert!(keys.contains(&key));
        position = table.position_after(key).unwrap();
        seen += 1;
    }
    assert_eq!(seen, keys.len());
}

#[test]
fn a_hole_gives_one_of_the_borders() {
    let mut table = Table::default();
    for key in 1..=8 {
        set(&mut table, number(key), Value::Boolean(true));
    }
    set(&mut table, number(8), Value::Nil);
    assert_eq!(table.len(), 7);
}
