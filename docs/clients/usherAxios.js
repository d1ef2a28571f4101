// An axios instance that sends the session's access token and repeats a request once after a 401.
//
//   const api = attachSession(axios.create({ baseURL: 'https://api.example.com' }), session);

export function attachSession(instance, session) {
  instance.interceptors.request.use(async (config) => {
    const token = await session.token();
    if (token) config.headers.set('Authorization', `Bearer ${token}`);
    config.usherToken = token;
    return config;
  });

  instance.interceptors.response.use(undefined, async (error) => {
    const { config, response } = error;
    if (response?.status !== 401 || !config.usherToken || config.usherRepeated) throw error;
    const problem = typeof response.data === 'object' && response.data ? response.data : {};
    if (!(await session.renew(config.usherToken, problem))) throw error;
    return instance.request({ ...config, usherRepeated: true });
  });

  return instance;
}
