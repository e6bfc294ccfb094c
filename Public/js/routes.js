// Every page by its address.
import activityPage from './pages/activity.js';
import artifactPage from './pages/artifact.js';
import artifactsPage from './pages/artifacts.js';
import auditPage from './pages/audit.js';
import comparePage from './pages/compare.js';
import configMapsPage from './pages/config-maps.js';
import experimentPage from './pages/experiment.js';
import experimentsPage from './pages/experiments.js';
import homePage from './pages/home.js';
import jobsPage from './pages/jobs.js';
import membersPage from './pages/members.js';
import modelPage from './pages/model.js';
import modelsPage from './pages/models.js';
import namespacesPage from './pages/namespaces.js';
import newRunPage from './pages/new-run.js';
import pipelinePage from './pages/pipeline.js';
import pipelinesPage from './pages/pipelines.js';
import podPage from './pages/pod.js';
import quotasPage from './pages/quotas.js';
import runPage from './pages/run.js';
import runsPage from './pages/runs.js';
import secretsPage from './pages/secrets.js';
import setupPage from './pages/setup.js';
import tokensPage from './pages/tokens.js';
import usersPage from './pages/users.js';

/** `[pattern, page]`, tried in order. */
export const routes = [
  ['/', homePage],
  ['/runs', runsPage],
  ['/runs/:id', runPage],
  ['/compare', comparePage],
  ['/new-run', newRunPage],
  ['/experiments', experimentsPage],
  ['/experiments/:id', experimentPage],
  ['/pipelines', pipelinesPage],
  ['/pipelines/:id', pipelinePage],
  ['/models', modelsPage],
  ['/models/:name', modelPage],
  ['/artifacts', artifactsPage],
  ['/artifacts/:id', artifactPage],
  ['/jobs', jobsPage],
  ['/jobs/pods/:name', podPage],
  ['/activity', activityPage],
  ['/members', membersPage],
  ['/quotas', quotasPage],
  ['/secrets', secretsPage],
  ['/config-maps', configMapsPage],
  ['/audit', auditPage],
  ['/namespaces', namespacesPage],
  ['/users', usersPage],
  ['/access', usersPage],
  ['/tokens', tokensPage],
  ['/setup', setupPage],
];
