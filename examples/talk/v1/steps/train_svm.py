"""Trainer: a support vector machine with a radial kernel."""

from sklearn.svm import SVC

from training import train

train(SVC(C=10, gamma=0.064))
