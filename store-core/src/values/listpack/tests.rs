use alloc::{format, string::String, vec, vec::Vec};

use super::*;
use crate::random::Random;

/// Borders of every encoding, and what only looks like an integer.
const SAMPLES: &[&str] = &[
    "0",
    "127",
    "128",
    "-1",
    "4095",
    "4096",
    "-4096",
    "-4097",
    "32767",
    "32768",
    "-32768",
    "-32769",
    "8388607",
    "8388608",
    "-8388608",
    "-8388609",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "-0",
    "+1",
    "01",
    "",
    "a",
    "99999999999999999999",
    "100000000000000000000",
    " 1",
    "1 ",
    "1a",
    "-",
];

/// The node of a list with [`SAMPLES`] and strings of 63 and 64 `x`, taken from a DUMP of redis-server 7.0.
const RECORDED: &str = "\
    77010000250000017f01c08002dfff02cfff02f1001003d00002f1ffef03f1ff7f03f200800004f1008003f2ff7fff04f2ff\
    ff7f04f30000800005f200008004f3ffff7fff05f3ffffff7f05f4000000800000000009f30000008005f4ffffff7fffffff\
    ff09f4ffffffffffffff7f09f4000000000000008009933932323333373230333638353437373538303814942d3932323333\
    373230333638353437373538303915822d3003822b3103823031038001816102943939393939393939393939393939393939\
    393939159531303030303030303030303030303030303030303016822031038231200382316103812d02bf78787878787878\
    7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878\
    78787878787840e0407878787878787878787878787878787878787878787878787878787878787878787878787878787878\
    787878787878787878787878787878787878787878787842ff";

fn recorded() -> Vec<u8> {
    RECORDED.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn sample_elements() -> Vec<Vec<u8>> {
    let strings = SAMPLES.iter().map(|sample| sample.as_bytes().to_vec());
    strings.chain([vec![b'x'; 63], vec![b'x'; 64]]).collect()
}

fn listpack_of(elements: &[Vec<u8>]) -> Listpack {
    let mut listpack = Listpack::new();
    listpack.insert_all(listpack.end(), elements.iter().map(Vec::as_slice));
    listpack
}

#[test]
fn bytes_are_those_of_redis() {
    assert_eq!(listpack_of(&sample_elements()).as_bytes(), recorded());
    let read = Listpack::from_bytes(&recorded()).unwrap();
    assert_eq!(read.iter().map(Element::to_vec).collect::<Vec<_>>(), sample_elements());
}

/// redis-server 7.0 writes the length of 16383 with three bytes, though two would hold it.
#[test]
fn length_from_behind_changes_its_size_where_redis_does() {
    for (len, ending) in [
        (125, &[0x7F][..]),
        (126, &[0x01, 0x80]),
        (16_377, &[0x7F, 0xFE]),
        (16_378, &[0x00, 0xFF, 0xFF]),
        (16_379, &[0x01, 0x80, 0x80]),
    ] {
        let listpack = listpack_of(&[vec![b'y'; len]]);
        let bytes = listpack.as_bytes();
        assert!(bytes[..bytes.len() - 1].ends_with(ending), "{len}");
        assert_eq!(listpack.iter().next_back().unwrap().byte_len(), len);
    }
}

#[test]
fn an_enum_beside_a_box_costs_nothing() {
    enum Either {
        #[expect(dead_code, reason = "only the size matters")]
        Packed(Listpack),
        #[expect(dead_code, reason = "only the size matters")]
        Large(Box<u64>),
    }
    assert_eq!(size_of::<Listpack>(), 16);
    assert_eq!(size_of::<Either>(), 16);
}

#[test]
fn no_cut_or_flipped_listpack_makes_a_reader_stumble() {
    let whole = recorded();
    for len in 0..whole.len() {
        assert_eq!(Listpack::from_bytes(&whole[..len]).err(), Some(Malformed), "cut to {len}");
    }
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(listpack) = Listpack::from_bytes(&bytes) {
            let forward: Vec<_> = listpack.iter().map(Element::to_vec).collect();
            let mut backward: Vec<_> = listpack.iter().rev().map(Element::to_vec).collect();
            backward.reverse();
            assert_eq!(forward, backward, "bit {bit}");
        }
    }
}

#[test]
fn an_unknown_count_is_walked_and_kept_up_to_date() {
    let mut listpack = Listpack::growable();
    for _ in 0..65_534 {
        listpack.push_back(b"1");
    }
    assert_eq!(&listpack.as_bytes()[4..6], &[0xFE, 0xFF]);
    listpack.push_back(b"2");
    listpack.push_back(b"3");
    assert_eq!(&listpack.as_bytes()[4..6], &[0xFF, 0xFF]);
    assert_eq!(listpack.len(), 65_536);
    assert_eq!(Listpack::from_bytes(listpack.as_bytes()).unwrap().get(65_535), Some(Element::Int(3)));
    listpack.remove_range(listpack.first().unwrap(), 65_530);
    assert_eq!(listpack.len(), 6);
}

#[test]
fn elements_compare_by_what_they_print() {
    assert_eq!(Element::Int(-7), Element::Bytes(b"-7"));
    assert_eq!(Element::Bytes(b"-7"), Element::Int(-7));
    assert_ne!(Element::Int(7), Element::Bytes(b"07"));
    assert!(!Element::Int(7).eq_bytes(b"+7"));
}

#[test]
fn find_looks_only_at_every_other_element() {
    let pairs = [b"a".to_vec(), b"5".to_vec(), b"5".to_vec(), b"a".to_vec()];
    let listpack = listpack_of(&pairs);
    assert_eq!(listpack.find(b"5", 1), listpack.position(2));
    assert_eq!(listpack.find(b"5", 0), listpack.position(1));
    assert_eq!(listpack.find(b"b", 0), None);
}

/// Something of every encoding, repeated often enough that searches meet it again.
fn random_element(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0..=3 => SAMPLES[random.index(SAMPLES.len())].into(),
        4 | 5 => format!("{}", random.next_u64().cast_signed() >> random.below(64)).into_bytes(),
        6 => vec![b'z'; random.index(200)],
        _ => vec![b'l'; [62, 63, 64, 4095, 4096][random.index(5)]],
    }
}

/// One generated change, applied to a listpack and to a plain vector.
fn change<S: Storage>(listpack: &mut Listpack<S>, model: &mut Vec<Vec<u8>>, random: &mut Random) {
    let index = random.index(model.len() + 1);
    let position = listpack.position(index).unwrap_or(listpack.end());
    let element = random_element(random);
    match random.below(if model.len() > 40 { 10 } else { 7 }) {
        0 => {
            listpack.push_back(&element);
            model.push(element);
        }
        1 => {
            listpack.push_front(&element);
            model.insert(0, element);
        }
        2 => {
            listpack.insert(position, &element);
            model.insert(index, element);
        }
        3 => {
            let elements = [element, random_element(random)];
            listpack.insert_all(position, elements.iter().map(Vec::as_slice));
            model.splice(index..index, elements);
        }
        4 | 5 if index < model.len() => {
            listpack.replace(position, &element);
            model[index] = element;
        }
        6 if index < model.len() => {
            listpack.remove(position);
            model.remove(index);
        }
        _ => {
            let count = random.index(20);
            listpack.remove_range(position, count);
            model.drain(index..(index + count).min(model.len()));
        }
    }
}

fn check<S: AsRef<[u8]>>(listpack: &Listpack<S>, model: &[Vec<u8>], random: &mut Random, context: &str) {
    assert_eq!(listpack.len(), model.len(), "{context}");
    assert_eq!(listpack.is_empty(), model.is_empty(), "{context}");
    assert_eq!(listpack.iter().map(Element::to_vec).collect::<Vec<_>>(), model, "{context}");
    let backward: Vec<_> = listpack.iter().rev().map(Element::to_vec).collect();
    assert!(backward.iter().eq(model.iter().rev()), "{context}");
    assert!(Listpack::from_bytes(listpack.as_bytes()).is_ok(), "{context}");
    let index = random.index(model.len() + 3);
    assert_eq!(listpack.get(index).map(Element::to_vec).as_ref(), model.get(index), "{context}");
    let needle = model.get(index).cloned().unwrap_or_else(|| random_element(random));
    let found = model.iter().position(|element| *element == needle).and_then(|index| listpack.position(index));
    assert_eq!(listpack.find(&needle, 0), found, "{context}");
    check_steps(listpack, context);
}

/// Single steps visit what the iterators visit.
fn check_steps<S: AsRef<[u8]>>(listpack: &Listpack<S>, context: &str) {
    let positions: Vec<_> = listpack.entries().map(|(position, _)| position).collect();
    let forward: Vec<_> = iter::successors(listpack.first(), |position| listpack.next(*position)).collect();
    let mut backward: Vec<_> = iter::successors(listpack.last(), |position| listpack.previous(*position)).collect();
    backward.reverse();
    assert_eq!(forward, positions, "{context}");
    assert_eq!(backward, positions, "{context}");
}

#[test]
fn behaves_as_a_vector_does() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let (mut exact, mut growable, mut model) = (Listpack::new(), Listpack::growable(), Vec::new());
        for step in 0..100 {
            let context: String = format!("seed {seed}, step {step}");
            let mut same_dice = random.clone();
            let mut same_model = model.clone();
            change(&mut exact, &mut model, &mut random);
            change(&mut growable, &mut same_model, &mut same_dice);
            check(&exact, &model, &mut random, &context);
            assert_eq!(exact.as_bytes(), growable.as_bytes(), "{context}");
        }
    }
}

#[test]
fn what_is_split_can_be_joined_again() {
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let elements: Vec<_> = (0..random.index(60)).map(|_| random_element(&mut random)).collect();
        let whole = listpack_of(&elements);
        let index = random.index(elements.len() + 1);
        let mut head = whole.clone().into_growable();
        let tail = head.split_off(whole.position(index).unwrap_or(whole.end()));
        check(&head, &elements[..index], &mut random, &format!("head, seed {seed}"));
        check(&tail, &elements[index..], &mut random, &format!("tail, seed {seed}"));
        head.append(&tail);
        assert_eq!(head.into_exact().as_bytes(), whole.as_bytes(), "seed {seed}");
    }
}
