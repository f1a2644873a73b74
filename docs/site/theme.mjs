// VitePress's own theme in the reader's fonts, with colors of enough contrast.
import DefaultTheme from 'vitepress/theme-without-fonts';
import './style.css';

export default DefaultTheme;
