//! Both encodings against a plain array of registers.

use super::*;
use crate::random::Random;

const SPARSE_LEN_MAX: usize = 3000;

fn registers(bytes: &[u8]) -> Registers {
    let mut registers = Registers::default();
    registers.merge(bytes).unwrap();
    registers
}

#[test]
fn both_encodings_hold_what_an_array_holds() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let (mut sparse, mut growing, mut dense) = (empty(), empty(), empty());
        make_dense(&mut dense).unwrap();
        let mut model = vec![0_u8; REGISTERS];
        // Neighbours, so that runs split and join.
        for _ in 0..3000 {
            let (index, value) = (random.index(2000), 1 + random.below(4) as u8);
            let changed = value > model[index];
            model[index] = model[index].max(value);
            assert_eq!(raise(&mut sparse, index, value, usize::MAX), Ok(changed), "seed {seed}");
            assert_eq!(raise(&mut growing, index, value, SPARSE_LEN_MAX / 3), Ok(changed), "seed {seed}");
            assert_eq!(raise(&mut dense, index, value, 0), Ok(changed), "seed {seed}");
        }
        assert_eq!(encoding(&sparse), Encoding::Sparse);
        assert_eq!((encoding(&growing), encoding(&dense)), (Encoding::Dense, Encoding::Dense));
        for bytes in [&sparse, &growing, &dense] {
            assert!(is_valid(bytes));
            assert_eq!(registers(bytes).values(), model, "seed {seed}");
            assert_eq!(estimate(bytes), Ok(registers(&dense).estimate()), "seed {seed}");
        }
        make_dense(&mut sparse).unwrap();
        assert_eq!(sparse, dense, "seed {seed}");
    }
}

#[test]
fn estimates_are_close() {
    let mut bytes = empty();
    for n in 1..=200_000_u32 {
        add(&mut bytes, &n.to_le_bytes(), SPARSE_LEN_MAX).unwrap();
        if [1, 10, 100, 1000, 10_000, 100_000, 200_000].contains(&n) {
            let estimate = estimate(&bytes).unwrap();
            assert!(estimate.abs_diff(n.into()) <= u64::from(n / 30), "{estimate} for {n}");
        }
    }
}

#[test]
fn large_values_make_a_value_dense() {
    let mut bytes = empty();
    assert_eq!(raise(&mut bytes, 5, 32, SPARSE_LEN_MAX), Ok(true));
    assert_eq!(encoding(&bytes), Encoding::Sparse);
    assert_eq!(raise(&mut bytes, REGISTERS - 1, 33, SPARSE_LEN_MAX), Ok(true));
    assert_eq!(encoding(&bytes), Encoding::Dense);
    assert_eq!((registers(&bytes).values()[5], registers(&bytes).values()[REGISTERS - 1]), (32, 33));
}

#[test]
fn any_bytes_behind_the_header_are_read_or_refused() {
    for seed in 0..3000 {
        let mut random = Random::new(seed);
        let mut bytes = header(Encoding::Sparse);
        bytes.extend((0..random.index(60)).map(|_| random.below(256) as u8));
        assert!(is_valid(&bytes));
        let covered = estimate(&bytes).is_ok();
        assert_eq!(Registers::default().merge(&bytes).is_ok(), covered, "seed {seed}");
        let before = bytes.clone();
        let (index, value) = (random.index(REGISTERS), 1 + random.below(50) as u8);
        if raise(&mut bytes, index, value, SPARSE_LEN_MAX).is_err() {
            assert_eq!(bytes, before, "seed {seed}");
        }
    }
}

#[test]
fn an_estimate_is_kept_until_it_is_forgotten() {
    let mut bytes = empty();
    assert_eq!(estimate_kept(&bytes), Some(0));
    keep_estimate(&mut bytes, 1 << 40);
    assert_eq!(estimate_kept(&bytes), Some(1 << 40));
    forget_estimate(&mut bytes);
    assert_eq!(estimate_kept(&bytes), None);
    assert!(!is_valid(b"HYLL"));
    assert!(!is_valid(&bytes[1..]));
}
