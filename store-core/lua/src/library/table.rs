//! Tables as lists.

use super::{give, register};
use crate::fault::Fault;
use crate::value::{TableId, Value};
use crate::vm::{Args, Frame, Host, Vm};
use alloc::format;
use alloc::vec::Vec;

const FUNCTIONS: super::Functions = &[
    ("concat", concat),
    ("foreach", for_each),
    ("foreachi", for_each_item),
    ("getn", length),
    ("insert", insert),
    ("maxn", largest_key),
    ("remove", remove),
    ("setn", set_length),
    ("sort", sort),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "table", FUNCTIONS).map(|_| ())
}

fn item(vm: &Vm, table: TableId, index: i64) -> Value {
    vm.heap.tables[table.0].get_number(index as f64)
}

fn set_item(vm: &mut Vm, table: TableId, index: i64, value: Value) -> Result<(), Fault> {
    if vm.heap.tables[table.0].is_frozen {
        return Err(vm.runtime_error("Attempt to modify a readonly table"));
    }
    vm.heap.set(table, Value::Number(index as f64), value)
}

fn concat(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let separator = match vm.value(args, 1) {
        Value::Nil => Vec::new(),
        _ => {
            let separator = vm.check_string(args, 1)?;
            vm.copy_bytes(separator)?
        }
    };
    let table = vm.check_table(args, 0)?;
    let first = i64::from(vm.integer_or(args, 2, 1)? as i32);
    let length = vm.length_of(table) as i64;
    let last = i64::from(vm.integer_or(args, 3, length)? as i32);
    let scratch = vm.heap.meter.scratch();
    let mut text = Vec::new();
    for index in first..=last {
        let value = item(vm, table, index);
        if !matches!(value, Value::String(_) | Value::Number(_)) {
            let kind = value.type_name();
            return Err(vm.error(format!("invalid value ({kind}) at index {index} in table for 'concat'")));
        }
        let before = text.len();
        vm.append_text(&mut text, value);
        if index != last {
            text.extend_from_slice(&separator);
        }
        vm.heap.meter.charge(1 + (text.len() - before) as u64 / 16)?;
        vm.heap.meter.reserve_scratch(text.len() - before)?;
    }
    vm.heap.meter.restore_scratch(scratch);
    let text = vm.heap.string_of(text)?;
    give(vm, text)
}

fn for_each(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let function = vm.check_function(args, 1)?;
    let mut key = Value::Nil;
    let slot = vm.top;
    while let Some((next, value)) = vm.next_entry(table, key)? {
        if let Some(count) = visit(vm, host, slot, [next, function, next, value])? {
            return Ok(count);
        }
        key = next;
    }
    Ok(0)
}

fn for_each_item(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let function = vm.check_function(args, 1)?;
    let slot = vm.top;
    for index in 1..=vm.length_of(table) as i64 {
        let (key, value) = (Value::Number(index as f64), item(vm, table, index));
        if let Some(count) = visit(vm, host, slot, [key, function, key, value])? {
            return Ok(count);
        }
    }
    Ok(0)
}

/// Calls a function for an entry, whose key stays below; the results end the traversal unless they are nil.
fn visit(vm: &mut Vm, host: &mut dyn Host, slot: usize, values: [Value; 4]) -> Result<Option<usize>, Fault> {
    vm.heap.meter.charge(1)?;
    vm.top = slot;
    values.into_iter().for_each(|value| vm.push(value));
    vm.call_at(host, slot + 1)?;
    if vm.top > slot + 1 && !vm.stack[slot + 1].is_nil() {
        vm.top = slot + 2;
        return Ok(Some(1));
    }
    vm.top = slot;
    Ok(None)
}

fn length(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    give(vm, vm.length_of(table) as f64)
}

fn set_length(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    vm.check_table(args, 0)?;
    Err(vm.error("'setn' is obsolete"))
}

fn largest_key(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let (mut position, mut largest) = (0, 0.0_f64);
    while let (Some((key, _)), passed) = vm.heap.tables[table.0].entry_from(position) {
        vm.heap.meter.charge(1 + passed as u64 / 8)?;
        if let Value::Number(number) = key {
            largest = if number > largest { number } else { largest };
        }
        position = vm.heap.tables[table.0].position_after(key).unwrap_or(usize::MAX);
    }
    give(vm, largest)
}

fn insert(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let end = vm.length_of(table) as i64 + 1;
    let (position, value) = match args.count {
        2 => (end, vm.value(args, 1)),
        3 => (i64::from(vm.check_integer(args, 1)? as i32), vm.value(args, 2)),
        _ => return Err(vm.error("wrong number of arguments to 'insert'")),
    };
    let end = end.max(position);
    vm.heap.meter.charge((end - position) as u64)?;
    for index in (position + 1..=end).rev() {
        let moved = item(vm, table, index - 1);
        set_item(vm, table, index, moved)?;
    }
    set_item(vm, table, position, value)?;
    Ok(0)
}

fn remove(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let end = vm.length_of(table) as i64;
    let position = i64::from(vm.integer_or(args, 1, end)? as i32);
    if !(1..=end).contains(&position) {
        return Ok(0);
    }
    vm.heap.meter.charge((end - position) as u64)?;
    let removed = item(vm, table, position);
    for index in position..end {
        let moved = item(vm, table, index + 1);
        set_item(vm, table, index, moved)?;
    }
    set_item(vm, table, end, Value::Nil)?;
    give(vm, removed)
}

fn sort(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let length = vm.length_of(table) as i64;
    let comparator = match vm.value(args, 1) {
        Value::Nil => Value::Nil,
        _ => vm.check_function(args, 1)?,
    };
    vm.frames.push(Frame::native(args.base));
    let sorted = Sorter { vm, host, table, comparator }.sort(1, length);
    if let Err(Unsorted::Disorder) = sorted {
        vm.frames.pop();
        return Err(vm.error("invalid order function for sorting"));
    }
    if let Err(Unsorted::Fault(fault)) = sorted {
        return Err(fault);
    }
    vm.frames.pop();
    Ok(0)
}

/// Why a list is not sorted.
enum Unsorted {
    /// The function contradicts itself.
    Disorder,
    Fault(Fault),
}

impl From<Fault> for Unsorted {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Quicksort around the median of three, as Lua 5.1 does it: clients see where equal items end up. The smaller part is
/// sorted by recursion, so its depth is O(log n).
struct Sorter<'a> {
    vm: &'a mut Vm,
    host: &'a mut dyn Host,
    table: TableId,
    comparator: Value,
}

impl Sorter<'_> {
    fn item(&self, index: i64) -> Value {
        item(self.vm, self.table, index)
    }

    fn set(&mut self, index: i64, value: Value) -> Result<(), Fault> {
        set_item(self.vm, self.table, index, value)
    }

    fn is_less(&mut self, left: Value, right: Value) -> Result<bool, Fault> {
        self.vm.heap.meter.charge(1)?;
        if self.comparator.is_nil() {
            return self.vm.less(self.host, left, right);
        }
        Ok(self.vm.call_for_one(self.host, self.comparator, &[left, right])?.is_truthy())
    }

    /// Exchanges two items if the later one is less.
    fn order(&mut self, low: i64, high: i64) -> Result<bool, Fault> {
        let (first, second) = (self.item(low), self.item(high));
        let is_less = self.is_less(second, first)?;
        if is_less {
            self.set(low, second)?;
            self.set(high, first)?;
        }
        Ok(is_less)
    }

    fn swap(&mut self, one: i64, other: i64) -> Result<(), Fault> {
        let (first, second) = (self.item(one), self.item(other));
        self.set(one, second)?;
        self.set(other, first)
    }

    fn sort(&mut self, mut low: i64, mut high: i64) -> Result<(), Unsorted> {
        while low < high {
            self.order(low, high)?;
            if high - low == 1 {
                break;
            }
            let middle = i64::midpoint(low, high);
            if !self.order(low, middle)? {
                self.order(middle, high)?;
            }
            if high - low == 2 {
                break;
            }
            let border = self.partition(low, high, middle)?;
            if border - low < high - border {
                self.sort(low, border - 1)?;
                low = border + 1;
            } else {
                self.sort(border + 1, high)?;
                high = border - 1;
            }
        }
        Ok(())
    }

    /// Moves what is less than the middle item before it, and the rest behind it; where it is then.
    fn partition(&mut self, low: i64, high: i64, middle: i64) -> Result<i64, Unsorted> {
        let pivot = self.item(middle);
        self.swap(middle, high - 1)?;
        self.vm.push(pivot);
        let (mut up, mut down) = (low, high - 1);
        loop {
            up += 1;
            while self.check_less(up, pivot, up > high)? {
                up += 1;
            }
            down -= 1;
            while self.check_greater(down, pivot, down < low)? {
                down -= 1;
            }
            if down < up {
                break;
            }
            self.swap(up, down)?;
        }
        self.vm.pop();
        self.swap(high - 1, up)?;
        Ok(up)
    }

    fn check_less(&mut self, index: i64, pivot: Value, is_outside: bool) -> Result<bool, Unsorted> {
        let item = self.item(index);
        let is_less = self.is_less(item, pivot)?;
        if is_less && is_outside { Err(Unsorted::Disorder) } else { Ok(is_less) }
    }

    fn check_greater(&mut self, index: i64, pivot: Value, is_outside: bool) -> Result<bool, Unsorted> {
        let item = self.item(index);
        let is_greater = self.is_less(pivot, item)?;
        if is_greater && is_outside { Err(Unsorted::Disorder) } else { Ok(is_greater) }
    }
}
