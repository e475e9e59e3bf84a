"""Gradient descent and its descendants, and how their learning rate changes on the way."""

from firstgrad.optim.rules import SGD, Adam, AdamW, AMSGrad, Momentum, Nesterov, RMSProp, RMSprop
from firstgrad.optim.schedules import Schedule, constant, cosine, step_decay

__all__ = ["SGD", "AMSGrad", "Adam", "AdamW", "Momentum", "Nesterov", "RMSProp", "RMSprop", "Schedule",
           "constant", "cosine", "step_decay"]
