"""The other trainer: a random forest. Swapping it in changes one image name in the pipeline."""

from sklearn.ensemble import RandomForestClassifier

from training import train

train(RandomForestClassifier(n_estimators=200, random_state=7))
