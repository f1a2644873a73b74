import { createApp } from 'vue';
import Classifier from './Classifier.vue';

createApp(Classifier, { weights: 'CIFAR10_DEMO', weightsUrl: '/weights/' }).mount('#app');
