"""Recurrent networks: the plain one, GRU, LSTM; a language model and a classifier of texts that use them."""

from firstgrad.models.recurrent.cells import GRU, RNN, gradient_reach, gru, rnn
from firstgrad.models.recurrent.lstm import LSTM, Bptt, LSTMConfig, LSTMLanguageModel
from firstgrad.models.recurrent.text_classifier import TextClassifier, TextClassifierConfig

__all__ = ["GRU", "LSTM", "RNN", "Bptt", "LSTMConfig", "LSTMLanguageModel", "TextClassifier",
           "TextClassifierConfig", "gradient_reach", "gru", "rnn"]
