//! Tokens and how they are spelled.

use crate::value::Str;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token {
    /// The end of the text.
    End,
    Name(Str),
    String(Str),
    Number(f64),
    /// A sign that stands for itself.
    Symbol(u8),
    Concat,
    Dots,
    Equal,
    NotEqual,
    LessEqual,
    GreaterEqual,
    And,
    Break,
    Do,
    Else,
    ElseIf,
    EndKeyword,
    False,
    For,
    Function,
    If,
    In,
    Local,
    Nil,
    Not,
    Or,
    Repeat,
    Return,
    Then,
    True,
    Until,
    While,
}

const KEYWORDS: &[(&str, Token)] = &[
    ("and", Token::And),
    ("break", Token::Break),
    ("do", Token::Do),
    ("else", Token::Else),
    ("elseif", Token::ElseIf),
    ("end", Token::EndKeyword),
    ("false", Token::False),
    ("for", Token::For),
    ("function", Token::Function),
    ("if", Token::If),
    ("in", Token::In),
    ("local", Token::Local),
    ("nil", Token::Nil),
    ("not", Token::Not),
    ("or", Token::Or),
    ("repeat", Token::Repeat),
    ("return", Token::Return),
    ("then", Token::Then),
    ("true", Token::True),
    ("until", Token::Until),
    ("while", Token::While),
];

const SIGNS: &[(&str, Token)] = &[
    ("..", Token::Concat),
    ("...", Token::Dots),
    ("==", Token::Equal),
    ("~=", Token::NotEqual),
    ("<=", Token::LessEqual),
    (">=", Token::GreaterEqual),
    ("<eof>", Token::End),
];

impl Token {
    pub(crate) fn keyword(text: &[u8]) -> Option<Self> {
        KEYWORDS.iter().find(|(word, _)| word.as_bytes() == text).map(|(_, token)| *token)
    }

    /// As it stands in error messages.
    pub(crate) fn spelling(self) -> Vec<u8> {
        match self {
            Self::Symbol(byte) if byte < 32 || byte == 127 => format!("char({byte})").into_bytes(),
            Self::Symbol(byte) => vec![byte],
            Self::Name(_) => b"<name>".to_vec(),
            Self::String(_) => b"<string>".to_vec(),
            Self::Number(_) => b"<number>".to_vec(),
            other => {
                let mut all = KEYWORDS.iter().chain(SIGNS);
                all.find(|(_, token)| *token == other).map(|(word, _)| word.as_bytes().to_vec()).unwrap_or_default()
            }
        }
    }

    /// Whether a block ends here.
    pub(crate) const fn ends_block(self) -> bool {
        matches!(self, Self::Else | Self::ElseIf | Self::EndKeyword | Self::End | Self::Until)
    }
}
