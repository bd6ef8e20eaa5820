export { type BullJobsOptions, bullJobs } from './bull-jobs.js';
export type { Job, JobEnd, JobState } from './job.js';
export type { JobPace, JobQueue, JobsQuery, JobTurn, JobWork } from './job-queue.js';
export type { JobView } from './job-view.js';
export type { ListedJob } from './listed-job.js';
export { type MemoryJobsOptions, memoryJobs } from './memory-jobs.js';
export { type JobsMiddleware, jobs } from './middleware.js';
export type { JobsOptions } from './options.js';
export type { JobWebhook } from './webhook.js';
