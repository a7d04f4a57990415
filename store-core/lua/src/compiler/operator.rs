//! Operators: precedence, folding of numbers, and their instructions.

use super::expression::{Expression, Kind};
use super::{Compiler, Stop};
use crate::instruction::{FIRST_CONSTANT, Instruction};
use crate::lexer::Token;
use crate::number::{modulo, power};
use core::mem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Not,
    Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Arithmetic(Arithmetic),
    Concat,
    Comparison(Comparison),
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// How tightly a unary operator binds.
const UNARY_PRIORITY: u8 = 8;

impl Unary {
    fn of(token: Token) -> Option<Self> {
        match token {
            Token::Not => Some(Self::Not),
            Token::Symbol(b'-') => Some(Self::Negate),
            Token::Symbol(b'#') => Some(Self::Length),
            _ => None,
        }
    }
}

impl Binary {
    fn of(token: Token) -> Option<Self> {
        Some(match token {
            Token::Symbol(b'+') => Self::Arithmetic(Arithmetic::Add),
            Token::Symbol(b'-') => Self::Arithmetic(Arithmetic::Subtract),
            Token::Symbol(b'*') => Self::Arithmetic(Arithmetic::Multiply),
            Token::Symbol(b'/') => Self::Arithmetic(Arithmetic::Divide),
            Token::Symbol(b'%') => Self::Arithmetic(Arithmetic::Modulo),
            Token::Symbol(b'^') => Self::Arithmetic(Arithmetic::Power),
            Token::Concat => Self::Concat,
            Token::Equal => Self::Comparison(Comparison::Equal),
            Token::NotEqual => Self::Comparison(Comparison::NotEqual),
            Token::Symbol(b'<') => Self::Comparison(Comparison::Less),
            Token::LessEqual => Self::Comparison(Comparison::LessEqual),
            Token::Symbol(b'>') => Self::Comparison(Comparison::Greater),
            Token::GreaterEqual => Self::Comparison(Comparison::GreaterEqual),
            Token::And => Self::And,
            Token::Or => Self::Or,
            _ => return None,
        })
    }

    /// How tightly it binds what stands on its left and on its right.
    const fn priorities(self) -> (u8, u8) {
        match self {
            Self::Or => (1, 1),
            Self::And => (2, 2),
            Self::Comparison(_) => (3, 3),
            Self::Concat => (5, 4),
            Self::Arithmetic(Arithmetic::Add | Arithmetic::Subtract) => (6, 6),
            Self::Arithmetic(Arithmetic::Power) => (10, 9),
            Self::Arithmetic(_) => (7, 7),
        }
    }
}

impl Arithmetic {
    /// The result, unless it is to come about at run time.
    fn fold(self, left: f64, right: f64) -> Option<f64> {
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide | Self::Modulo if right == 0.0 => return None,
            Self::Divide => left / right,
            Self::Modulo => modulo(left, right),
            Self::Power => power(left, right),
        };
        (!result.is_nan()).then_some(result)
    }

    const fn on_registers(self, b: u8, c: u8) -> Instruction {
        let a = 0;
        match self {
            Self::Add => Instruction::Add { a, b, c },
            Self::Subtract => Instruction::Subtract { a, b, c },
            Self::Multiply => Instruction::Multiply { a, b, c },
            Self::Divide => Instruction::Divide { a, b, c },
            Self::Modulo => Instruction::Modulo { a, b, c },
            Self::Power => Instruction::Power { a, b, c },
        }
    }

    const fn on_constant(self, b: u8, k: u32) -> Instruction {
        let a = 0;
        match self {
            Self::Add => Instruction::AddConstant { a, b, k },
            Self::Subtract => Instruction::SubtractConstant { a, b, k },
            Self::Multiply => Instruction::MultiplyConstant { a, b, k },
            Self::Divide => Instruction::DivideConstant { a, b, k },
            Self::Modulo => Instruction::ModuloConstant { a, b, k },
            Self::Power => Instruction::PowerConstant { a, b, k },
        }
    }
}

impl Comparison {
    /// The same with its operands exchanged.
    const fn swapped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            same => same,
        }
    }

    const fn instruction(self, b: u8, c: u16) -> Instruction {
        let to = 0;
        match self {
            Self::Equal => Instruction::Equal { b, c, to },
            Self::NotEqual => Instruction::NotEqual { b, c, to },
            Self::Less => Instruction::Less { b, c, to },
            Self::LessEqual => Instruction::LessEqual { b, c, to },
            Self::Greater => Instruction::Greater { b, c, to },
            Self::GreaterEqual => Instruction::GreaterEqual { b, c, to },
        }
    }
}

impl Compiler<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, Stop> {
        self.expression_above(0)
    }

    /// Reads operators that bind more tightly than `limit`.
    fn expression_above(&mut self, limit: u8) -> Result<Expression, Stop> {
        self.enter()?;
        let mut left = match Unary::of(self.lexer.token) {
            Some(operator) => {
                self.lexer.advance()?;
                let mut operand = self.expression_above(UNARY_PRIORITY)?;
                self.unary(operator, &mut operand)?;
                operand
            }
            None => self.simple_expression()?,
        };
        while let Some(operator) = Binary::of(self.lexer.token).filter(|operator| operator.priorities().0 > limit) {
            self.lexer.advance()?;
            self.prepare_left(operator, &mut left)?;
            let right = self.expression_above(operator.priorities().1)?;
            left = self.binary(operator, left, right)?;
        }
        self.leave();
        Ok(left)
    }

    fn unary(&mut self, operator: Unary, operand: &mut Expression) -> Result<(), Stop> {
        match (operator, operand.as_number()) {
            (Unary::Not, _) => return self.not(operand),
            (Unary::Negate, Some(number)) if !number.is_nan() => operand.kind = Kind::Number(-number),
            _ => {
                let b = self.put_in_any_register(operand)?;
                self.free_register(b);
                let instruction = match operator {
                    Unary::Negate => Instruction::Negate { a: 0, b },
                    _ => Instruction::Length { a: 0, b },
                };
                *operand = Kind::Pending(self.emit(instruction)?).into();
            }
        }
        Ok(())
    }

    fn not(&mut self, operand: &mut Expression) -> Result<(), Stop> {
        self.load(operand)?;
        operand.kind = match operand.kind {
            Kind::Nil | Kind::False => Kind::True,
            Kind::String(_) | Kind::Number(_) | Kind::True => Kind::False,
            Kind::Jump(pc) => {
                self.invert(pc);
                Kind::Jump(pc)
            }
            _ => {
                let b = self.discharge_to_any(operand)?;
                self.free_register(b);
                Kind::Pending(self.emit(Instruction::Not { a: 0, b })?)
            }
        };
        mem::swap(&mut operand.if_true, &mut operand.if_false);
        for jump in operand.if_true.iter().chain(&operand.if_false) {
            self.forget_value(*jump);
        }
        Ok(())
    }

    /// A register for the value itself; jumps of the expression stay.
    fn discharge_to_any(&mut self, operand: &mut Expression) -> Result<u8, Stop> {
        if let Some(register) = operand.register() {
            return Ok(register);
        }
        let mut value = Expression::from(operand.kind);
        let register = self.put_in_next_register(&mut value)?;
        operand.kind = Kind::Register(register);
        Ok(register)
    }

    /// Does with the left operand what must be done before the right one is read.
    fn prepare_left(&mut self, operator: Binary, left: &mut Expression) -> Result<(), Stop> {
        match operator {
            Binary::And => self.jump_if_false(left),
            Binary::Or => self.jump_if_true(left),
            Binary::Concat => self.put_in_next_register(left).map(|_| ()),
            Binary::Arithmetic(_) if left.as_number().is_some() => Ok(()),
            Binary::Comparison(_) if left.as_constant().is_some() => Ok(()),
            Binary::Arithmetic(_) | Binary::Comparison(_) => self.put_in_any_register(left).map(|_| ()),
        }
    }

    fn binary(&mut self, operator: Binary, left: Expression, right: Expression) -> Result<Expression, Stop> {
        match operator {
            Binary::And => self.and(left, right),
            Binary::Or => self.or(left, right),
            Binary::Concat => self.concat(left, right),
            Binary::Arithmetic(operator) => self.arithmetic(operator, left, right),
            Binary::Comparison(operator) => self.comparison(operator, left, right),
        }
    }

    fn and(&mut self, mut left: Expression, mut right: Expression) -> Result<Expression, Stop> {
        self.load(&mut right)?;
        left.if_false.append(&mut right.if_false);
        right.if_false = left.if_false;
        Ok(right)
    }

    fn or(&mut self, mut left: Expression, mut right: Expression) -> Result<Expression, Stop> {
        self.load(&mut right)?;
        left.if_true.append(&mut right.if_true);
        right.if_true = left.if_true;
        Ok(right)
    }

    /// A row of concatenations is one instruction.
    fn concat(&mut self, mut left: Expression, mut right: Expression) -> Result<Expression, Stop> {
        self.settle(&mut right)?;
        let first = self.put_in_any_register(&mut left)?;
        if let Kind::Pending(pc) = right.kind
            && let Instruction::Concat { b, .. } = self.instruction(pc)
            && *b == first + 1
        {
            *b = first;
            self.free_register(first);
            return Ok(Kind::Pending(pc).into());
        }
        let c = self.put_in_next_register(&mut right)?;
        self.free_registers(Some(first), Some(c));
        Ok(Kind::Pending(self.emit(Instruction::Concat { a: 0, b: first, c })?).into())
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        mut left: Expression,
        mut right: Expression,
    ) -> Result<Expression, Stop> {
        if let (Some(one), Some(other)) = (left.as_number(), right.as_number())
            && let Some(result) = operator.fold(one, other)
        {
            return Ok(Kind::Number(result).into());
        }
        let constant = right.as_constant().filter(|_| matches!(right.kind, Kind::Number(_) | Kind::String(_)));
        let instruction = match constant {
            Some(constant) => {
                let b = self.put_in_any_register(&mut left)?;
                operator.on_constant(b, self.constant(constant)?)
            }
            None => {
                let c = self.put_in_any_register(&mut right)?;
                operator.on_registers(self.put_in_any_register(&mut left)?, c)
            }
        };
        self.free_registers(left.register(), right.register());
        Ok(Kind::Pending(self.emit(instruction)?).into())
    }

    fn comparison(
        &mut self,
        operator: Comparison,
        mut left: Expression,
        mut right: Expression,
    ) -> Result<Expression, Stop> {
        let (operator, b, c) = if let Some(c) = self.constant_operand(&right)? {
            (operator, self.put_in_any_register(&mut left)?, c)
        } else {
            let other = self.put_in_any_register(&mut right)?;
            match (self.constant_operand(&left)?, operator) {
                (Some(c), _) => (operator.swapped(), other, c),
                (None, Comparison::Greater | Comparison::GreaterEqual) => {
                    (operator.swapped(), other, u16::from(self.put_in_any_register(&mut left)?))
                }
                _ => (operator, self.put_in_any_register(&mut left)?, u16::from(other)),
            }
        };
        self.free_registers(left.register(), right.register());
        Ok(Kind::Jump(self.emit(operator.instruction(b, c))?).into())
    }

    /// The operand that names a constant, if it is one and has a low index.
    fn constant_operand(&mut self, expression: &Expression) -> Result<Option<u16>, Stop> {
        let Some(constant) = expression.as_constant() else { return Ok(None) };
        let index = self.constant(constant)?;
        Ok(u16::try_from(index).ok().and_then(|index| index.checked_add(FIRST_CONSTANT)))
    }
}
